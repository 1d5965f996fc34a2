package dev.monopod.controller.node;

import dev.monopod.kube.api.Machine;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.LinkedHashMap;
import java.util.Map;

/// Writes the Node of a machine as EKS shows it, not ready until the agent says so. Pure.
public final class FargateNode {
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
                // Else the controller manager adds it at once, which is a write more for each pod.
                .addToAnnotations("node.alpha.kubernetes.io/ttl", "0")
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
