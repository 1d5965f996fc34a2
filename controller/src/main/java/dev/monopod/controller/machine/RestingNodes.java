package dev.monopod.controller.machine;

import dev.monopod.controller.ClusterView;
import dev.monopod.controller.machine.MachineFate.PodSight;
import dev.monopod.controller.node.FargateNode;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.Patches;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Lets the Node of completed pods rest, once all machines that had its address have ended: the
/// pods tolerate for good that nobody speaks for it, the Node has room for nothing, and then its
/// Lease goes, which gives the address back. The Node itself stays, since by it the API server
/// finds the pods' logs. In this order, since without the Lease the Node is taken for lost, and
/// pods that do not tolerate that are deleted. Every step can be repeated. One thread does all.
public final class RestingNodes implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RestingNodes.class);
    private static final Duration PERIOD = Duration.ofSeconds(1);
    private static final String LEASES = "kube-node-lease";

    private final KubernetesClient client;
    private final Patches patches;
    private final Supplier<List<Machine>> machines;
    private final Function<String, @Nullable Pod> pods;
    private final Clock clock;
    private final Loop loop;

    /// Nodes that rest, and for which machines.
    private final Map<String, Set<String>> resting = new HashMap<>();

    public RestingNodes(KubernetesClient client, ClusterView cluster, Loops loops, Clock clock) {
        this(client, cluster::machines, cluster::fargatePod, loops, clock);
    }

    /// @param machines what the watch shows; it may lag
    /// @param pods by `NAMESPACE/NAME`, as a watch shows them
    RestingNodes(
            KubernetesClient client,
            Supplier<List<Machine>> machines,
            Function<String, @Nullable Pod> pods,
            Loops loops,
            Clock clock) {
        this.client = client;
        this.patches = new Patches(client);
        this.machines = machines;
        this.pods = pods;
        this.clock = clock;
        this.loop = loops.loop("resting-nodes", Pace.every(PERIOD), this::sweep);
    }

    public void start() {
        loop.start();
    }

    @Override
    public void close() {
        loop.close();
    }

    void sweep() {
        var byNode =
                machines.get().stream()
                        .collect(
                                Collectors.groupingBy(
                                        machine -> machine.getSpec().nodeName(),
                                        TreeMap::new,
                                        Collectors.toList()));
        resting.keySet().retainAll(byNode.keySet());
        byNode.forEach((node, its) -> {
            if (!its.stream().allMatch(Machine::ended)) {
                resting.remove(node);
                return;
            }
            var names =
                    its.stream()
                            .map(machine -> machine.getMetadata().getName())
                            .collect(Collectors.toUnmodifiableSet());
            if (names.equals(resting.get(node))) {
                return;
            }
            try {
                if (rest(node, its, names)) {
                    resting.put(node, names);
                }
            } catch (RuntimeException e) {
                // One that fails holds up no other.
                LOG.warn("Node {}: failed to let it rest, retrying: {}", node, e.toString());
            }
        });
    }

    /// Returns whether all is done.
    private boolean rest(String name, List<Machine> its, Set<String> names) {
        var sights = its.stream().map(this::sight).toList();
        if (sights.contains(PodSight.UNBOUND)
                || sights.contains(PodSight.BOUND)
                || !sights.contains(PodSight.OVER)) {
            // Not told yet, or about to be removed.
            return false;
        }
        its.forEach(this::tolerate);
        @Nullable Node node = client.nodes().withName(name).get();
        var owner = node == null ? null : FargateNode.machine(node);
        if (owner != null && !names.contains(owner) && isThere(owner)) {
            // The watch lags: the next machine is here.
            return false;
        }
        if (node != null
                && (owner == null || !names.contains(owner) || !FargateNode.isResting(node))) {
            var told = patches.strategicStatus(node, status(node));
            client.resource(FargateNode.resting(told, its.getLast()))
                    .lockResourceVersion(told.getMetadata().getResourceVersion())
                    .update();
        }
        release(name, names);
        return true;
    }

    /// Unless somebody has written to the Node meanwhile.
    private Map<String, Object> status(Node node) {
        var patch = new HashMap<>(FargateNode.restingStatus(clock.instant()));
        patch.put("metadata", Map.of("resourceVersion", node.getMetadata().getResourceVersion()));
        return patch;
    }

    private boolean isThere(String machine) {
        return client.resources(Machine.class).withName(machine).get() != null;
    }

    private PodSight sight(Machine machine) {
        return PodSight.of(pod(machine), machine.getSpec().pod().uid());
    }

    /// The watch shows no pod that was taken over from another scheduler, so that is read.
    private @Nullable Pod pod(Machine machine) {
        var wanted = machine.getSpec().pod();
        @Nullable Pod known = pods.apply(wanted.namespace() + "/" + wanted.name());
        return PodSight.of(known, wanted.uid()) != PodSight.GONE
                ? known
                : client.pods().inNamespace(wanted.namespace()).withName(wanted.name()).get();
    }

    /// Afterwards nobody deletes the machine's pod since its Node does not speak.
    private void tolerate(Machine machine) {
        @Nullable Pod pod = pod(machine);
        if (pod == null || sight(machine) != PodSight.OVER) {
            return;
        }
        var meta = pod.getMetadata();
        LastingTolerations.of(pod.getSpec().getTolerations())
                .ifPresent(tolerations ->
                        patches.merge(
                                pod,
                                Map.of(
                                        "metadata",
                                        Map.of(
                                                "uid",
                                                meta.getUid(),
                                                "resourceVersion",
                                                meta.getResourceVersion()),
                                        "spec",
                                        Map.of("tolerations", tolerations))));
    }

    /// Unless the address is claimed by another machine already.
    private void release(String node, Set<String> names) {
        @Nullable Lease lease = client.leases().inNamespace(LEASES).withName(node).get();
        if (lease == null) {
            return;
        }
        var labels = lease.getMetadata().getLabels();
        var owner = labels == null ? null : labels.get(Names.MACHINE_LABEL);
        if (owner != null && !names.contains(owner)) {
            return;
        }
        try {
            client.resource(lease)
                    .lockResourceVersion(lease.getMetadata().getResourceVersion())
                    .delete();
        } catch (KubernetesClientException e) {
            if (!ApiCode.CONFLICT.in(e)) {
                throw e;
            }
            // Its agent has renewed it meanwhile.
            release(node, names);
        }
    }
}
