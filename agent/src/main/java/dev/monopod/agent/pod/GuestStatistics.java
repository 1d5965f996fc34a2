package dev.monopod.agent.pod;

import dev.monopod.agent.kubelet.KubeletPods.ContainerStatistics;
import dev.monopod.agent.kubelet.KubeletPods.PodStatistics;
import dev.monopod.protocol.guest.StatisticsRequest;
import dev.monopod.protocol.guest.StatisticsResponse;
import java.time.Duration;
import java.util.List;

/// Reads one guest's counters.
final class GuestStatistics {
    private static final Duration PATIENCE = Duration.ofMillis(1500);

    private GuestStatistics() {}

    static PodStatistics read(PodWorker worker) {
        PodRuntime runtime = worker.runtime();
        StatisticsResponse told =
                runtime.guest()
                        .blocking(PATIENCE)
                        .statistics(StatisticsRequest.getDefaultInstance());
        List<ContainerStatistics> containers =
                told.getContainersList().stream()
                        .map(
                                c ->
                                        new ContainerStatistics(
                                                c.getName(),
                                                GuestWatch.instant(c.getStartedUnixNanos()),
                                                c.getCpuUsageNanos(),
                                                c.getMemoryUsageBytes(),
                                                c.getMemoryWorkingSetBytes(),
                                                c.getMemoryRssBytes(),
                                                c.getRootUsedBytes(),
                                                c.getLogUsedBytes()))
                        .toList();
        return new PodStatistics(
                runtime.plan().namespace(),
                runtime.plan().name(),
                runtime.plan().uid(),
                GuestWatch.instant(told.getUnixTimeNanos()),
                worker.state().startTime(),
                told.getMachineCpuUsageNanos(),
                told.getMachineMemoryWorkingSetBytes(),
                told.getMachineMemoryAvailableBytes(),
                told.getNetworkReceiveBytes(),
                told.getNetworkTransmitBytes(),
                told.getScratchCapacityBytes(),
                told.getScratchAvailableBytes(),
                told.getScratchUsedBytes(),
                containers);
    }
}
