package dev.monopod.controller.scheduling;

import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.model.names.Names;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.profile.Profile;
import dev.monopod.model.size.Size;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// The Machine of a pod: what the scheduler found out about the pod, and where it goes. From its
/// creation on it alone counts, whatever becomes of the pod's labels and annotations.
final class Machines {
    private Machines() {}

    /// Without security groups, which are looked up last.
    static Machine of(Pod pod, Profile profile, Size size, Placer.Decision.Placed placed) {
        var uid = pod.getMetadata().getUid();
        var subnet = placed.subnet();
        var machine = new Machine();
        machine.setMetadata(
                new ObjectMetaBuilder()
                        .withName(Names.machine(uid))
                        .addToLabels(Names.HOST_LABEL, placed.host())
                        .addToLabels(Names.PROFILE_LABEL, profile.name())
                        .addToFinalizers(Names.AGENT_FINALIZER)
                        .build());
        machine.setSpec(
                new MachineSpec(
                        placed.host(),
                        new MachineSpec.PodReference(
                                pod.getMetadata().getNamespace(), pod.getMetadata().getName(), uid),
                        Names.node(placed.address(), subnet.region()),
                        profile.name(),
                        size(size),
                        new MachineSpec.Interface(
                                subnet.vpc(),
                                subnet.name(),
                                subnet.zone(),
                                placed.address(),
                                subnet.cidr().gateway(),
                                mac(placed.address()))));
        return machine;
    }

    /// The same machine with these groups.
    ///
    /// @param logging what the pod keeps of the logging configuration; empty: nothing
    static Machine with(Machine machine, List<String> groups, Map<String, String> logging) {
        var spec = machine.getSpec();
        var network = spec.network();
        var complete = new Machine();
        complete.setMetadata(machine.getMetadata());
        complete.setSpec(
                new MachineSpec(
                        spec.host(),
                        spec.pod(),
                        spec.nodeName(),
                        spec.profile(),
                        spec.size(),
                        new MachineSpec.Interface(
                                network.vpc(),
                                network.subnet(),
                                network.zone(),
                                network.address(),
                                network.gateway(),
                                network.mac(),
                                groups),
                        logging.isEmpty() ? null : logging));
        return complete;
    }

    /// Whether the Machine is one for this profile and size.
    static boolean agree(Machine machine, Profile profile, Size size) {
        var spec = machine.getSpec();
        return spec.profile().equals(profile.name()) && spec.size().equals(size(size));
    }

    /// Whether the Machine is in these groups.
    static boolean agree(Machine machine, List<String> groups) {
        var network = machine.getSpec().network();
        return Objects.requireNonNullElse(
                        network.securityGroups(),
                        List.of(Names.clusterSecurityGroup(network.vpc())))
                .equals(groups);
    }

    private static MachineSpec.Size size(Size size) {
        return new MachineSpec.Size(
                size.cpu().value(), size.memory().value(), size.storage().value());
    }

    /// Locally administered, and as unique as the address.
    private static String mac(String address) {
        var number = Cidr.address(address);
        return "02:00:%02x:%02x:%02x:%02x"
                .formatted(number >> 24 & 255, number >> 16 & 255, number >> 8 & 255, number & 255);
    }
}
