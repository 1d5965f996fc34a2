package dev.monopod.controller.access;

import dev.monopod.controller.ClusterView;
import dev.monopod.controller.access.Grant.Place;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.Patches;
import dev.monopod.kube.client.Selection;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps a Role and its binding for each host in each namespace where it has pods, so that RBAC
/// lets its agent to what these pods name and to nothing else. A Machine brings its pod's names,
/// and takes them with it when it goes; where its neighbours have named them already, which is
/// usual, nothing is written. One pass at a time.
///
/// The right to make Leases changes with each Machine, and is needed only when one was lost. It
/// follows later, for many Machines at once: to check a Role costs the API server more than a start
/// has time for.
public final class HostAccess implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HostAccess.class);
    private static final String MANAGER = "monopod-controller";
    private static final Duration PERIOD = Duration.ofSeconds(5);
    private static final Duration RETRY = Duration.ofMillis(500);
    private static final Duration LEASES_PERIOD = Duration.ofSeconds(15);

    private final KubernetesClient client;
    private final Patches patches;
    private final ClusterView cluster;
    private final Supplier<Map<String, Set<String>>> served;
    private final Watched<Role> roles;
    private final Watched<RoleBinding> bindings;
    private final Loop loop;
    private final Loop leases;

    /// Of pods whose Machine is there, by its name: what a pod named last is kept until its machine
    /// is down.
    private final Map<String, PodNeeds> needs = new HashMap<>();

    /// @param served by host, `NAMESPACE/NAME` of the certificates of load balancers that it serves
    public HostAccess(
            KubernetesClient client,
            ClusterView cluster,
            Supplier<Map<String, Set<String>>> served,
            Loops loops) {
        this.client = client;
        this.patches = new Patches(client);
        this.cluster = cluster;
        this.served = served;
        var ours = Selection.labelled(Names.HOST_LABEL);
        this.roles = cluster.watches().of(Role.class, ours);
        this.bindings = cluster.watches().of(RoleBinding.class, ours);
        this.loop =
                loops.loop(
                        "host-access", Pace.every(PERIOD).withRetries(RETRY, PERIOD), this::pass);
        this.leases = loops.loop("host-leases", Pace.every(LEASES_PERIOD), this::passLeases);
    }

    /// Returns when the Roles that are there are known.
    public void start() {
        roles.start().join();
        bindings.start().join();
        // Statuses change often, and say nothing of this.
        cluster.onMachineSpec(loop::nudge);
        roles.onChange(ChangeHandler.any(loop::nudge));
        bindings.onChange(ChangeHandler.any(loop::nudge));
        loop.start();
        leases.start();
    }

    /// What hosts serve has changed: brings the Roles into step before it returns. What fails is
    /// tried again soon, by the loop.
    public void now() {
        try {
            pass();
        } catch (KubernetesClientException e) {
            LOG.info("hosts do not have all their rights yet: {}", e.getMessage());
            loop.nudge();
        }
    }

    /// Brings the Roles into step, all that can be, but for those of Leases.
    ///
    /// @throws KubernetesClientException the first failure, when the others have been tried
    synchronized void pass() {
        var wanted = wanted();
        @Nullable KubernetesClientException failure = keep(wanted, place -> !ofLeases(place));
        var names = wanted.keySet().stream().map(HostAccess::key).collect(Collectors.toSet());
        failure = first(failure, () -> removeOthers(bindings, names));
        failure = first(failure, () -> removeOthers(roles, names));
        if (failure != null) {
            throw failure;
        }
    }

    private synchronized void passLeases() {
        @Nullable KubernetesClientException failure = keep(wanted(), HostAccess::ofLeases);
        if (failure != null) {
            throw failure;
        }
    }

    /// @return the first failure, when all have been tried
    private @Nullable KubernetesClientException keep(
            Map<Place, Grant> wanted, Predicate<Place> which) {
        @Nullable KubernetesClientException failure = null;
        for (var grant : wanted.entrySet()) {
            if (which.test(grant.getKey())) {
                failure = first(failure, () -> keep(grant.getKey(), grant.getValue()));
            }
        }
        return failure;
    }

    private static boolean ofLeases(Place place) {
        return place.namespace().equals(Grants.LEASES);
    }

    private Map<Place, Grant> wanted() {
        var machines = cluster.machines();
        needs.keySet()
                .retainAll(
                        machines.stream()
                                .map(machine -> machine.getMetadata().getName())
                                .collect(Collectors.toSet()));
        return Grants.of(machines, cluster.hosts(), served.get(), this::needs);
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

    private @Nullable PodNeeds needs(Machine machine) {
        var name = machine.getMetadata().getName();
        @Nullable Pod pod = pod(machine, needs.containsKey(name));
        if (pod != null) {
            needs.put(name, PodNeeds.of(pod));
        }
        return needs.get(name);
    }

    /// @param known whether what it names is known already, so that it need not be asked for
    private @Nullable Pod pod(Machine machine, boolean known) {
        var reference = machine.getSpec().pod();
        @Nullable Pod pod = cluster.fargatePod(reference.namespace() + "/" + reference.name());
        if (pod == null && !known) {
            // One that was taken over from another scheduler is in no watch once it is bound.
            pod = client.pods().inNamespace(reference.namespace()).withName(reference.name()).get();
        }
        return pod == null || !pod.getMetadata().getUid().equals(reference.uid()) ? null : pod;
    }

    /// The Role first: a binding to none would be refused.
    private void keep(Place place, Grant grant) {
        var key = key(place);
        if (roles.find(key).filter(role -> role.getRules().equals(grant.rules())).isEmpty()) {
            patches.apply(grant.role(place), MANAGER);
            LOG.debug("{}: host {} has {}", place.namespace(), place.host(), grant.rules());
        }
        var binding = Grant.binding(place);
        if (bindings.find(key)
                .filter(found -> found.getSubjects().equals(binding.getSubjects()))
                .isEmpty()) {
            patches.apply(binding, MANAGER);
        }
    }

    private static String key(Place place) {
        return place.namespace() + "/" + place.name();
    }

    private <T extends HasMetadata> void removeOthers(Watched<T> watched, Set<String> wanted) {
        for (var found : watched.list()) {
            var meta = found.getMetadata();
            if (!wanted.contains(meta.getNamespace() + "/" + meta.getName())) {
                var unused =
                        ApiCall.ignoring(ApiCode.NOT_FOUND, () -> client.resource(found).delete());
            }
        }
    }

    @Override
    public void close() {
        loop.close();
        leases.close();
    }
}
