package dev.monopod.agent.pod.worker;

import dev.monopod.agent.kubelet.KubeletPods.Detail;
import dev.monopod.agent.kubelet.KubeletPods.PodStatistics;
import dev.monopod.agent.pod.scope.BelievedStatistics;
import dev.monopod.host.network.HostNetwork.Traffic;
import dev.monopod.protocol.guest.StatisticsRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// Reads one guest's counters.
final class GuestStatistics {
    /// A metrics server waits ten seconds for a kubelet.
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private GuestStatistics() {}

    static PodStatistics read(
            PodWorker worker, Detail detail, Optional<Traffic> traffic, Instant now) {
        var told =
                worker.guest()
                        .blocking(PATIENCE)
                        .statistics(
                                StatisticsRequest.newBuilder()
                                        .setDetailed(detail == Detail.ALL)
                                        .build());
        var pod = worker.pod();
        // The API server's field, which no kubelet writes.
        var seen = worker.view().pod().getStatus();
        if (pod.getStatus() != null && seen != null) {
            pod.getStatus().setQosClass(seen.getQosClass());
        }
        return new PodStatistics(
                pod,
                worker.state().startTime(),
                BelievedStatistics.of(told, worker.view(), now),
                traffic);
    }
}
