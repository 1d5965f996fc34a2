package dev.monopod.controller.node;

import dev.monopod.kube.api.Machine;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Writes the Node of a machine as EKS shows it, not ready until the agent says so. Pure.
public final class FargateNode {
    /// Reason of the conditions of a Node that rests.
    public static final String COMPLETED = "PodCompleted";

    /// Upstream's: such a Node is not counted when a zone's share of lost ones is judged.
    private static final String NOT_COUNTED = "node.kubernetes.io/exclude-disruption";

    private FargateNode() {}

    public static Node of(Machine machine, String region) {
        var spec = machine.getSpec();
        var address = spec.network().address();
        var hostname = Names.hostname(address, region);
        var labels = labels(spec.network().zone(), region);
        labels.put("kubernetes.io/hostname", hostname);
        labels.put(Names.HOST_LABEL, spec.host());
        labels.put(Names.MACHINE_LABEL, machine.getMetadata().getName());
        return new NodeBuilder()
                .withNewMetadata()
                .withName(spec.nodeName())
                .withLabels(labels)
                .addNewOwnerReference()
                .withApiVersion(machine.getApiVersion())
                .withKind(machine.getKind())
                .withName(machine.getMetadata().getName())
                .withUid(machine.getMetadata().getUid())
                .endOwnerReference()
                .endMetadata()
                .withNewSpec()
                .withProviderID("monopod:///" + spec.network().zone() + "/" + spec.nodeName())
                .addNewTaint()
                .withKey(Names.COMPUTE_TYPE)
                .withValue(Names.COMPUTE_TYPE_FARGATE)
                .withEffect("NoSchedule")
                .endTaint()
                .endSpec()
                .withNewStatus()
                .withCapacity(resources(machine))
                .withAllocatable(resources(machine))
                .addNewAddress(address, "InternalIP")
                .addNewAddress(hostname, "Hostname")
                .addNewAddress(hostname, "InternalDNS")
                .withNewDaemonEndpoints()
                .withNewKubeletEndpoint(Defaults.KUBELET_PORT)
                .endDaemonEndpoints()
                .endStatus()
                .build();
    }

    /// The name of the machine that the Node stands for.
    public static @Nullable String machine(Node node) {
        var labels = node.getMetadata().getLabels();
        return labels == null ? null : labels.get(Names.MACHINE_LABEL);
    }

    /// The Node of completed pods for the next machine of its address. It stays as long as one of
    /// its machines does, so that the logs of those pods are found.
    public static Node takenOver(Node resting, Node wanted) {
        var owners = new LinkedHashMap<String, OwnerReference>();
        wanted.getMetadata().getOwnerReferences().forEach(o -> owners.put(o.getUid(), o));
        resting.getMetadata().getOwnerReferences().forEach(o -> owners.putIfAbsent(o.getUid(), o));
        return new NodeBuilder(resting)
                .editMetadata()
                .withLabels(wanted.getMetadata().getLabels())
                .withOwnerReferences(List.copyOf(owners.values()))
                .endMetadata()
                .editSpec()
                .withUnschedulable(null)
                .withTaints(wanted.getSpec().getTaints())
                .endSpec()
                .build();
    }

    /// The same Node while no machine runs for it, only completed pods name it.
    ///
    /// @param machine one of those pods'
    public static Node resting(Node node, Machine machine) {
        return new NodeBuilder(node)
                .editMetadata()
                .addToLabels(Names.HOST_LABEL, machine.getSpec().host())
                .addToLabels(Names.MACHINE_LABEL, machine.getMetadata().getName())
                .addToLabels(Names.RESTING_LABEL, "true")
                .addToLabels(NOT_COUNTED, "true")
                .endMetadata()
                .editSpec()
                .withUnschedulable(true)
                .endSpec()
                .build();
    }

    public static boolean isResting(Node node) {
        var labels = node.getMetadata().getLabels();
        return labels != null && labels.containsKey(Names.RESTING_LABEL);
    }

    /// A strategic merge patch of the status of a Node that rests: it has room for nothing, and
    /// nobody says how it is. `Unknown` is what the node lifecycle controller would write, so it
    /// has nothing to write.
    public static Map<String, Object> restingStatus(Instant now) {
        var time = now.truncatedTo(ChronoUnit.SECONDS).toString();
        var nothing = Map.of("cpu", "0", "memory", "0", "ephemeral-storage", "0", "pods", "0");
        var conditions =
                Stream.of("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
                        .map(type ->
                                Map.of(
                                        "type",
                                        type,
                                        "status",
                                        "Unknown",
                                        "reason",
                                        COMPLETED,
                                        "message",
                                        "the machine has ended with its pod, whose logs are kept until"
                                                + " it is deleted",
                                        "lastTransitionTime",
                                        time))
                        .toList();
        return Map.of(
                "status",
                Map.of("capacity", nothing, "allocatable", nothing, "conditions", conditions));
    }

    /// Labels of every Node in this zone. The scheduler judges a pod's terms by them, before there
    /// is an address.
    public static Map<String, String> labels(String zone, String region) {
        var labels = new LinkedHashMap<String, String>();
        labels.put(Names.COMPUTE_TYPE, Names.COMPUTE_TYPE_FARGATE);
        labels.put("kubernetes.io/os", "linux");
        labels.put("kubernetes.io/arch", "amd64");
        labels.put("beta.kubernetes.io/os", "linux");
        labels.put("beta.kubernetes.io/arch", "amd64");
        labels.put("topology.kubernetes.io/region", region);
        labels.put("topology.kubernetes.io/zone", zone);
        // Those of old, which EKS' Nodes carry too.
        labels.put("failure-domain.beta.kubernetes.io/region", region);
        labels.put("failure-domain.beta.kubernetes.io/zone", zone);
        return labels;
    }

    private static Map<String, Quantity> resources(Machine machine) {
        var size = machine.getSpec().size();
        var resources = new LinkedHashMap<String, Quantity>();
        resources.put("cpu", new Quantity(Long.toString(size.milliCpu()), "m"));
        resources.put("memory", new Quantity(Long.toString(size.memoryMebiBytes()), "Mi"));
        resources.put(
                "ephemeral-storage", new Quantity(Long.toString(size.storageMebiBytes()), "Mi"));
        resources.put("pods", new Quantity("1"));
        return resources;
    }
}
