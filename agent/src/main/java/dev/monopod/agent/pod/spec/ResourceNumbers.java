package dev.monopod.agent.pod.spec;

import dev.monopod.protocol.guest.Resources;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import java.math.BigDecimal;
import java.math.RoundingMode;

/// A container's cgroup numbers, computed as the kubelet does, and Fargate's process limits (F12).
public final class ResourceNumbers {
    private static final long PERIOD_MICROS = 100_000;
    private static final long MINIMUM_QUOTA_MICROS = 1_000;
    private static final long NOFILE_SOFT = 1024;
    private static final long NOFILE_HARD = 65_535;
    private static final int GUARANTEED_OOM = -997;
    private static final int BEST_EFFORT_OOM = 1000;

    private ResourceNumbers() {}

    /// @param pod with the resources that were granted: they count, whatever `container` asks for
    public static Resources of(Pod pod, Container container, long machineMemoryBytes) {
        var granted =
                PodAllocation.containers(pod)
                        .filter(one -> one.getName().equals(container.getName()))
                        .findFirst()
                        .orElse(container);
        var limits = PodNumbers.limits(granted.getResources());
        var requests = PodNumbers.requests(granted.getResources());
        var whole = PodNumbers.limits(pod.getSpec().getResources());
        var ownCpuLimit = DownwardFields.amount(limits, "cpu");
        var ownMemoryLimit = DownwardFields.amount(limits, "memory");
        var cpuRequest = DownwardFields.amount(requests, "cpu").or(() -> ownCpuLimit);
        var memoryRequest = DownwardFields.amount(requests, "memory").or(() -> ownMemoryLimit);
        var numbers =
                Resources.newBuilder()
                        .setCpuWeight(weight(cpuRequest.map(ResourceNumbers::milli).orElse(0L)))
                        .setMemoryMinBytes(
                                PodNumbers.protectedBytes(pod, granted, machineMemoryBytes))
                        .setNofileSoft(NOFILE_SOFT)
                        .setNofileHard(NOFILE_HARD)
                        .setNprocSoft(NOFILE_SOFT)
                        .setNprocHard(NOFILE_HARD)
                        .setOomScoreAdj(
                                oomScore(
                                        pod,
                                        memoryRequest.map(BigDecimal::longValue).orElse(0L),
                                        machineMemoryBytes));
        // As under a kubelet, a container without a limit of its own has the pod's.
        ownCpuLimit
                .or(() -> DownwardFields.amount(whole, "cpu"))
                .ifPresent(limit -> quota(numbers, limit));
        ownMemoryLimit
                .or(() -> DownwardFields.amount(whole, "memory"))
                .ifPresent(limit -> numbers.setMemoryMaxBytes(limit.longValue()));
        return numbers.build();
    }

    static void quota(Resources.Builder numbers, BigDecimal limit) {
        numbers.setCpuPeriodMicros(PERIOD_MICROS)
                .setCpuQuotaMicros(
                        Math.max(MINIMUM_QUOTA_MICROS, milli(limit) * PERIOD_MICROS / 1000));
    }

    /// CPU shares (1024 per CPU, at least 2) mapped to a cgroup v2 weight.
    public static long weight(long milliCpu) {
        long shares = Math.clamp(milliCpu * 1024 / 1000, 2, 262_144);
        return 1 + (shares - 2) * 9999 / 262_142;
    }

    private static int oomScore(Pod pod, long memoryRequest, long machineMemoryBytes) {
        String quality = pod.getStatus() == null ? null : pod.getStatus().getQosClass();
        if ("Guaranteed".equals(quality)) {
            return GUARANTEED_OOM;
        }
        if ("BestEffort".equals(quality)) {
            return BEST_EFFORT_OOM;
        }
        var score = 1000 - 1000 * memoryRequest / Math.max(1, machineMemoryBytes);
        return Math.clamp(score, 3, 999);
    }

    private static long milli(BigDecimal cpus) {
        return cpus.movePointRight(3).setScale(0, RoundingMode.CEILING).longValue();
    }
}
