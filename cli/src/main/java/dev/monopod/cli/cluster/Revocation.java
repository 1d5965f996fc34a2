package dev.monopod.cli.cluster;

import dev.monopod.kube.api.Host;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.Patches;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/// Takes all rights from a host's user. Kubernetes knows no list of revoked certificates, but a
/// certificate is worth what its user may do: nothing, from the next request on.
public final class Revocation {
    private final KubernetesClient client;
    private final InstantSource clock;

    public Revocation(KubernetesClient client, InstantSource clock) {
        this.client = client;
        this.clock = clock;
    }

    /// The mark comes first: whoever gives rights gives it none from then on.
    public void of(Host host) {
        var name = host.getMetadata().getName();
        var now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
        new Patches(client)
                .merge(
                        host,
                        Map.of(
                                "metadata",
                                Map.of("annotations", Map.of(Names.REVOKED_ANNOTATION, now)),
                                "spec",
                                Map.of("unschedulable", true)));
        var all = client.rbac().clusterRoleBindings().withName(Names.AGENT_USER + name);
        var unused = ApiCall.ignoring(ApiCode.NOT_FOUND, all::delete);
        client.resources(RoleBinding.class)
                .inAnyNamespace()
                .withLabel(Names.HOST_LABEL, name)
                .list()
                .getItems()
                .forEach(binding -> client.resource(binding).delete());
        // In a cluster that was there before Monopod: with them its controller's rights, too.
        new JoinedRights(client).remove(name);
    }
}
