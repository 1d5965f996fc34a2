package dev.monopod.agent.pod.spec;

import dev.monopod.kube.mapping.PodSizing;
import dev.monopod.protocol.guest.Resources;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The cgroup numbers of all containers together, as a kubelet computes them: requests and limits
/// of the pod as a whole (KEP-2837), else the sum of its containers'.
public final class PodNumbers {
    private PodNumbers() {}

    public static Resources of(Pod pod, long machineMemoryBytes) {
        var milliCpu = PodSizing.requested(pod.getSpec()).cpu().value();
        var numbers = Resources.newBuilder().setCpuWeight(ResourceNumbers.weight(milliCpu));
        limit(pod, "cpu").ifPresent(limit -> ResourceNumbers.quota(numbers, limit));
        limit(pod, "memory").ifPresent(limit -> numbers.setMemoryMaxBytes(limit.longValue()));
        numbers.setMemoryMinBytes(
                lasting(pod).mapToLong(one -> protectedBytes(pod, one, machineMemoryBytes)).sum());
        return numbers.build();
    }

    /// Memory that a container keeps when its neighbours want more: what it requests. A container
    /// alone needs no protection, and never is so much protected that the kernel finds nothing to
    /// take back (ADR 0018).
    static long protectedBytes(Pod pod, Container container, long machineMemoryBytes) {
        if (lasting(pod).count() < 2) {
            return 0;
        }
        var all = lasting(pod).mapToLong(PodNumbers::requestedBytes).sum();
        var most = machineMemoryBytes / 2;
        var own = requestedBytes(container);
        return all <= most ? own : (long) ((double) own * most / all);
    }

    private static Stream<Container> lasting(Pod pod) {
        return PodAllocation.containers(pod)
                .filter(one ->
                        pod.getSpec().getContainers().contains(one)
                                || "Always".equals(one.getRestartPolicy()));
    }

    private static long requestedBytes(Container container) {
        return amount(requests(container.getResources()), "memory")
                .map(BigDecimal::longValue)
                .orElse(0L);
    }

    /// The pod's own limit, else the most that its containers may use at one time, if each of them
    /// has a limit.
    private static Optional<BigDecimal> limit(Pod pod, String resource) {
        var whole = amount(limits(pod.getSpec().getResources()), resource);
        if (whole.isPresent()) {
            return whole;
        }
        if (PodAllocation.containers(pod)
                .anyMatch(one -> amount(limits(one.getResources()), resource).isEmpty())) {
            return Optional.empty();
        }
        var together =
                lasting(pod)
                        .map(one -> amount(limits(one.getResources()), resource).orElseThrow())
                        .reduce(BigDecimal.ZERO, BigDecimal::add);
        return Optional.of(
                PodAllocation.containers(pod)
                        .map(one -> amount(limits(one.getResources()), resource).orElseThrow())
                        .reduce(together, BigDecimal::max));
    }

    static Optional<BigDecimal> amount(@Nullable Map<String, Quantity> map, String resource) {
        return DownwardFields.amount(map, resource);
    }

    static @Nullable Map<String, Quantity> limits(@Nullable ResourceRequirements of) {
        return of == null ? null : of.getLimits();
    }

    static @Nullable Map<String, Quantity> requests(@Nullable ResourceRequirements of) {
        return of == null ? null : of.getRequests();
    }
}
