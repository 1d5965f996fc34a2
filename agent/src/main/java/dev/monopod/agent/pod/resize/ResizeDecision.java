package dev.monopod.agent.pod.resize;

import dev.monopod.agent.pod.spec.PodAllocation;
import dev.monopod.kube.mapping.PodSizing;
import dev.monopod.model.size.MebiBytes;
import dev.monopod.model.size.MilliCpu;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Whether a pod's new resources can be had in place (KEP-1287). A machine can't grow, so there is
/// no waiting for room: what does not fit never will. Pure.
sealed interface ResizeDecision {
    /// The pod asks for what it was granted.
    record Unchanged() implements ResizeDecision {}

    record Granted(PodAllocation allocation) implements ResizeDecision {}

    record Infeasible(String message) implements ResizeDecision {}

    /// @param cpu of the machine, as provisioned; `memory` likewise
    static ResizeDecision of(Pod pod, PodAllocation granted, MilliCpu cpu, MebiBytes memory) {
        var wanted = PodAllocation.of(pod);
        if (wanted.equals(granted)) {
            return new Unchanged();
        }
        var requested = PodSizing.requested(pod.getSpec());
        var machine =
                "; the pod's machine has %s %s and can't grow: create the pod anew for a larger one"
                        .formatted(cpu, memory);
        if (requested.cpu().compareTo(cpu) > 0) {
            return new Infeasible(
                    "Node didn't have enough capacity: cpu, requested: %d, capacity: %d%s"
                            .formatted(requested.cpu().value(), cpu.value(), machine));
        }
        if (requested.memory().compareTo(memory) > 0) {
            return new Infeasible(
                    "Node didn't have enough capacity: memory, requested: %d, capacity: %d%s"
                            .formatted(requested.memory().bytes(), memory.bytes(), machine));
        }
        return new Granted(wanted);
    }

    /// Whether the container has to be started anew for its new resources.
    static boolean restarts(Container container, PodAllocation from, PodAllocation to) {
        var before = from.container(container.getName());
        var after = to.container(container.getName());
        for (var policy : container.getResizePolicy()) {
            var name = policy.getResourceName();
            var differs =
                    differs(before.getLimits(), after.getLimits(), name)
                            || differs(before.getRequests(), after.getRequests(), name);
            if (differs && "RestartContainer".equals(policy.getRestartPolicy())) {
                return true;
            }
        }
        return false;
    }

    private static boolean differs(
            @Nullable Map<String, Quantity> before,
            @Nullable Map<String, Quantity> after,
            String name) {
        return !Objects.equals(
                before == null ? null : before.get(name), after == null ? null : after.get(name));
    }
}
