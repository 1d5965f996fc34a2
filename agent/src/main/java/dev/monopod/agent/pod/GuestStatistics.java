package dev.monopod.agent.pod;

import dev.monopod.agent.kubelet.KubeletPods.Detail;
import dev.monopod.agent.kubelet.KubeletPods.PodStatistics;
import dev.monopod.protocol.guest.StatisticsRequest;
import java.time.Duration;

/// Reads one guest's counters.
final class GuestStatistics {
    /// A metrics server waits ten seconds for a kubelet.
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private GuestStatistics() {}

    static PodStatistics read(PodWorker worker, Detail detail) {
        var told =
                worker.runtime()
                        .guest()
                        .blocking(PATIENCE)
                        .statistics(
                                StatisticsRequest.newBuilder()
                                        .setDetailed(detail == Detail.ALL)
                                        .build());
        return new PodStatistics(worker.pod(), worker.state().startTime(), told);
    }
}
