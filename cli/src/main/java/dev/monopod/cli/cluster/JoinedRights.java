package dev.monopod.cli.cluster;

import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// What `up` made in a cluster that was there before Monopod so that a host has rights there:
/// roles, bindings and service accounts, known by their labels (`control-plane/internal/addons`).
final class JoinedRights {
    private final KubernetesClient client;

    JoinedRights(KubernetesClient client) {
        this.client = client;
    }

    /// Takes from a host what it is and may. Bindings go first, and count at once: the API server
    /// believes a deleted account's token for some seconds.
    void remove(String host) {
        var labels = Map.of(Names.HOST_LABEL, host);
        remove(ClusterRoleBinding.class, labels);
        remove(RoleBinding.class, labels);
        remove(ClusterRole.class, labels);
        remove(Role.class, labels);
        remove(ServiceAccount.class, labels);
    }

    /// What all hosts share, too.
    void removeAll() {
        remove(ClusterRoleBinding.class, Names.LABELS);
        remove(RoleBinding.class, Names.LABELS);
        remove(ClusterRole.class, Names.LABELS);
        remove(Role.class, Names.LABELS);
        var system = client.namespaces().withName(Names.SYSTEM_NAMESPACE);
        var found = system.get();
        if (found != null
                && Objects.requireNonNullElse(
                                found.getMetadata().getLabels(), Map.<String, String>of())
                        .entrySet()
                        .containsAll(Names.LABELS.entrySet())) {
            system.delete();
        }
    }

    private <T extends HasMetadata> void remove(Class<T> kind, Map<String, String> labels) {
        List<T> found =
                client.resources(kind)
                        .inAnyNamespace()
                        .withLabels(Names.LABELS)
                        .withLabels(labels)
                        .list()
                        .getItems();
        found.forEach(object -> client.resource(object).delete());
    }
}
