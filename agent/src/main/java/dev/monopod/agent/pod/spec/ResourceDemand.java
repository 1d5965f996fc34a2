package dev.monopod.agent.pod.spec;

import dev.monopod.kube.api.MachineSpec;
import dev.monopod.kube.mapping.PodSizing;
import dev.monopod.model.size.MebiBytes;
import dev.monopod.model.size.MilliCpu;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Optional;

/// The resources that a pod's specification asks for, and whether its machine has them. A machine
/// can't grow, so there is no waiting for room: what does not fit never will (KEP-1287).
///
/// @param excess why the machine can't have them
/// @param generation of the specification
public record ResourceDemand(PodAllocation asked, Optional<String> excess, long generation) {
    /// Of a pod whose machine is of no account.
    static ResourceDemand of(Pod pod) {
        var generation = pod.getMetadata().getGeneration();
        return new ResourceDemand(
                PodAllocation.of(pod), Optional.empty(), generation == null ? 0 : generation);
    }

    ResourceDemand within(Pod pod, MachineSpec.Size machine) {
        return new ResourceDemand(asked, excess(pod, machine), generation);
    }

    private static Optional<String> excess(Pod pod, MachineSpec.Size machine) {
        var requested = PodSizing.requested(pod.getSpec());
        var cpu = new MilliCpu(machine.milliCpu());
        var memory = new MebiBytes(machine.memoryMebiBytes());
        if (requested.cpu().compareTo(cpu) > 0) {
            return Optional.of(
                    message("cpu", requested.cpu().value(), cpu.value()) + remedy(cpu, memory));
        }
        if (requested.memory().compareTo(memory) > 0) {
            return Optional.of(
                    message("memory", requested.memory().bytes(), memory.bytes())
                            + remedy(cpu, memory));
        }
        return Optional.empty();
    }

    private static String message(String resource, long requested, long capacity) {
        return "Node didn't have enough capacity: %s, requested: %d, capacity: %d"
                .formatted(resource, requested, capacity);
    }

    private static String remedy(MilliCpu cpu, MebiBytes memory) {
        return "; the pod's machine has %s %s and can't grow: create the pod anew for a larger one"
                .formatted(cpu, memory);
    }
}
