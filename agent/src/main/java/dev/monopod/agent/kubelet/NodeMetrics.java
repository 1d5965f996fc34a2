package dev.monopod.agent.kubelet;

import dev.monopod.agent.kubelet.Families.Sample;
import dev.monopod.agent.kubelet.KubeletPods.PodStatistics;
import dev.monopod.agent.kubelet.KubeletPods.ProbeCount;
import dev.monopod.protocol.guest.FileSystem;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.Pod;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/// `/metrics` and `/metrics/probes`: what of the kubelet's own metrics dashboards read. Pure.
final class NodeMetrics {
    private NodeMetrics() {}

    /// @param measured statistics of those of the pods that answered
    static Families of(String node, List<Pod> pods, List<PodStatistics> measured) {
        var families = new Families();
        families.gauge(
                "kubelet_node_name",
                "[ALPHA] The node's name. The count is always 1.",
                new Sample(Labels.of("node", node), 1));
        families.gauge(
                "kubelet_running_pods",
                "[ALPHA] Number of pods that have a running pod sandbox",
                new Sample(Labels.EMPTY, pods.stream().filter(NodeMetrics::runs).count()));
        containers(pods)
                .forEach((state, count) ->
                        families.gauge(
                                "kubelet_running_containers",
                                "[ALPHA] Number of containers currently running",
                                new Sample(Labels.of("container_state", state), count)));
        measured.forEach(pod -> volumes(families, pod));
        return families;
    }

    private static boolean runs(Pod pod) {
        var phase = pod.getStatus() == null ? "" : pod.getStatus().getPhase();
        return "Pending".equals(phase) || "Running".equals(phase);
    }

    private static Map<String, Long> containers(List<Pod> pods) {
        Map<String, Long> counts = new TreeMap<>();
        pods.stream()
                .filter(pod -> pod.getStatus() != null)
                .flatMap(pod ->
                        Stream.of(
                                        pod.getStatus().getInitContainerStatuses(),
                                        pod.getStatus().getContainerStatuses(),
                                        pod.getStatus().getEphemeralContainerStatuses())
                                .flatMap(List::stream))
                .filter(status -> status.getContainerID() != null && status.getState() != null)
                .forEach(status -> counts.merge(state(status.getState()), 1L, Long::sum));
        return counts;
    }

    private static String state(ContainerState state) {
        return state.getRunning() != null
                ? "running"
                : state.getTerminated() != null ? "exited" : "created";
    }

    private static void volumes(Families families, PodStatistics pod) {
        for (var volume : pod.told().getVolumesList()) {
            StatisticsReport.claim(pod, volume.getName())
                    .ifPresent(claim ->
                            volume(
                                    families,
                                    Labels.of(
                                            "namespace",
                                            pod.namespace(),
                                            "persistentvolumeclaim",
                                            claim),
                                    volume.getFileSystem()));
        }
    }

    private static void volume(Families families, Labels labels, FileSystem told) {
        volume(families, labels, "capacity_bytes", "Capacity in bytes of", told.getCapacityBytes());
        volume(
                families,
                labels,
                "available_bytes",
                "Number of available bytes in",
                told.getAvailableBytes());
        volume(families, labels, "used_bytes", "Number of used bytes in", told.getUsedBytes());
        volume(families, labels, "inodes", "Maximum number of inodes in", told.getInodes());
        volume(families, labels, "inodes_free", "Number of free inodes in", told.getInodesFree());
        volume(families, labels, "inodes_used", "Number of used inodes in", told.getInodesUsed());
    }

    private static void volume(
            Families families, Labels labels, String name, String what, long value) {
        families.gauge(
                "kubelet_volume_stats_" + name,
                "[ALPHA] " + what + " the volume",
                new Sample(labels, value));
    }

    static Families probes(List<ProbeCount> counts) {
        var families = new Families();
        var durations =
                HistogramSnapshot.builder()
                        .name("prober_probe_duration_seconds")
                        .help("[ALPHA] Duration in seconds for a probe response.");
        for (var count : counts) {
            var labels =
                    Labels.of(
                            "container", count.container(),
                            "namespace", count.pod().getMetadata().getNamespace(),
                            "pod", count.pod().getMetadata().getName(),
                            "probe_type", count.kind());
            count.results()
                    .forEach((result, number) ->
                            families.counter(
                                    "prober_probe_total",
                                    "[BETA] Cumulative number of a liveness, readiness or"
                                            + " startup probe for a container by result.",
                                    new Sample(
                                            labels.add(
                                                            "pod_uid",
                                                            count.pod().getMetadata().getUid())
                                                    .add("result", result.toLowerCase(Locale.ROOT)),
                                            number)));
            durations.dataPoint(
                    HistogramDataPointSnapshot.builder()
                            .labels(labels)
                            .sum(count.seconds())
                            .classicHistogramBuckets(buckets(count.buckets()))
                            .build());
        }
        if (!counts.isEmpty()) {
            families.add(durations.build());
        }
        return families;
    }

    private static ClassicHistogramBuckets buckets(List<Long> counts) {
        var buckets = ClassicHistogramBuckets.builder();
        for (var i = 0; i < counts.size(); i++) {
            var bound =
                    i < KubeletPods.PROBE_SECONDS.size()
                            ? KubeletPods.PROBE_SECONDS.get(i)
                            : Double.POSITIVE_INFINITY;
            buckets.bucket(bound, counts.get(i));
        }
        return buckets.build();
    }
}
