package dev.monopod.eks.access;

import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.Patches;
import dev.monopod.kube.client.Selection;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.client.Watches;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps RBAC in step with the policies of the access entries: in namespaces that come later too,
/// and whoever changes what it wrote. Removes what no entry has any more, and touches nothing
/// without its own label. One pass at a time.
public final class AccessPolicyKeeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AccessPolicyKeeper.class);
    private static final String MANAGER = "monopod-controller";
    private static final Duration PERIOD = Duration.ofSeconds(30);
    private static final Duration FIRST_RETRY = Duration.ofMillis(500);
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(10);

    private final KubernetesClient client;
    private final Patches patches;
    private final String account;
    private final Watched<ConfigMap> entries;
    private final Watched<Namespace> namespaces;
    private final Watched<ClusterRole> roles;
    private final Watched<ClusterRoleBinding> clusterBindings;
    private final Watched<RoleBinding> bindings;
    private final Loop loop;

    /// @param account of the cluster
    public AccessPolicyKeeper(
            KubernetesClient client, Watches watches, String account, Loops loops) {
        this.client = client;
        this.patches = new Patches(client);
        this.account = account;
        this.entries =
                watches.of(ConfigMap.class, Selection.labelled(KubernetesAccessEntries.LABEL));
        this.namespaces = watches.of(Namespace.class);
        var ours = Selection.labelled(AccessBindings.LABEL);
        this.roles = watches.of(ClusterRole.class, ours);
        this.clusterBindings = watches.of(ClusterRoleBinding.class, ours);
        this.bindings = watches.of(RoleBinding.class, ours);
        this.loop =
                loops.loop(
                        "access-policies",
                        Pace.every(PERIOD).withRetries(FIRST_RETRY, LONGEST_RETRY),
                        this::pass);
    }

    /// Returns when what is there is known.
    public void start() {
        entries.start().join();
        namespaces.start().join();
        roles.start().join();
        clusterBindings.start().join();
        bindings.start().join();
        entries.onChange(ChangeHandler.any(loop::nudge));
        namespaces.onChange(ChangeHandler.any(loop::nudge));
        roles.onChange(ChangeHandler.any(loop::nudge));
        clusterBindings.onChange(ChangeHandler.any(loop::nudge));
        bindings.onChange(ChangeHandler.any(loop::nudge));
        loop.start();
    }

    /// What must go goes first: a right that was taken back must not wait for one that fails.
    ///
    /// @throws KubernetesClientException the first failure, when the others have been tried
    synchronized void pass() {
        var wanted =
                AccessBindings.of(
                        entries.list().stream()
                                .filter(found ->
                                        KubernetesAccessEntries.NAMESPACE.equals(
                                                found.getMetadata().getNamespace()))
                                .flatMap(KubernetesAccessEntries::entry)
                                .toList(),
                        namespaces.list().stream()
                                .filter(found -> !found.isMarkedForDeletion())
                                .map(found -> found.getMetadata().getName())
                                .collect(Collectors.toSet()),
                        account);
        @Nullable KubernetesClientException failure = null;
        failure = removeOthers(clusterBindings, wanted.clusterKeys(), failure);
        failure = removeOthers(bindings, wanted.namespacedKeys(), failure);
        for (var role : wanted.roles()) {
            failure =
                    keep(
                            roles,
                            role,
                            (is, ought) -> is.getRules().equals(ought.getRules()),
                            failure);
        }
        for (var binding : wanted.cluster()) {
            failure =
                    keep(
                            clusterBindings,
                            binding,
                            (is, ought) ->
                                    is.getRoleRef().equals(ought.getRoleRef())
                                            && is.getSubjects().equals(ought.getSubjects()),
                            failure);
        }
        for (var binding : wanted.namespaced()) {
            failure =
                    keep(
                            bindings,
                            binding,
                            (is, ought) ->
                                    is.getRoleRef().equals(ought.getRoleRef())
                                            && is.getSubjects().equals(ought.getSubjects()),
                            failure);
        }
        if (failure != null) {
            throw failure;
        }
    }

    private <T extends HasMetadata> @Nullable KubernetesClientException keep(
            Watched<T> watched,
            T wanted,
            BiPredicate<T, T> same,
            @Nullable KubernetesClientException before) {
        var key = AccessBindings.key(wanted.getMetadata());
        if (watched.find(key).filter(found -> same.test(found, wanted)).isPresent()) {
            return before;
        }
        return first(
                before,
                () -> {
                    var unused = patches.apply(wanted, MANAGER);
                    LOG.debug("{} {} is as the access entries say", wanted.getKind(), key);
                });
    }

    private <T extends HasMetadata> @Nullable KubernetesClientException removeOthers(
            Watched<T> watched, Set<String> wanted, @Nullable KubernetesClientException before) {
        @Nullable KubernetesClientException failure = before;
        for (var found : watched.list()) {
            if (!wanted.contains(AccessBindings.key(found.getMetadata()))) {
                failure =
                        first(
                                failure,
                                () -> {
                                    var unused =
                                            ApiCall.ignoring(
                                                    ApiCode.NOT_FOUND,
                                                    () -> client.resource(found).delete());
                                });
            }
        }
        return failure;
    }

    private static @Nullable KubernetesClientException first(
            @Nullable KubernetesClientException before, Runnable act) {
        try {
            act.run();
            return before;
        } catch (KubernetesClientException e) {
            return before == null ? e : before;
        }
    }

    @Override
    public void close() {
        loop.close();
    }
}
