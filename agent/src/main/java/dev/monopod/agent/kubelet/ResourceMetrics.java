package dev.monopod.agent.kubelet;

import dev.monopod.agent.kubelet.Families.Sample;
import dev.monopod.agent.kubelet.KubeletPods.PodStatistics;
import dev.monopod.protocol.guest.ContainerStatistics;
import dev.monopod.protocol.guest.Usage;
import io.prometheus.metrics.model.snapshots.Labels;
import java.time.Instant;
import java.util.List;

/// `/metrics/resource`, what metrics-server reads, with the kubelet's names, units and times. The
/// node is the pod's machine; for several pods, their sum. Pure.
final class ResourceMetrics {
    private static final double NANOS = 1e9;

    private final Families families = new Families();

    private ResourceMetrics() {}

    /// @param missing how many pods did not answer: an error of the scrape
    static Families of(List<PodStatistics> pods, long missing) {
        var metrics = new ResourceMetrics();
        for (var pod : pods) {
            pod.told().getContainersList().forEach(container -> metrics.container(pod, container));
            metrics.pod(pod);
        }
        if (!pods.isEmpty()) {
            metrics.node(pods);
        }
        double error = missing > 0 ? 1 : 0;
        var help = "1 if there was an error while getting container metrics, 0 otherwise";
        metrics.gauge("scrape_error", "[ALPHA] (Deprecated since 1.29.0) " + help, error(error));
        metrics.gauge("resource_scrape_error", "[STABLE] " + help, error(error));
        return metrics.families;
    }

    private static Sample error(double value) {
        return new Sample(Labels.EMPTY, value);
    }

    private void container(PodStatistics pod, ContainerStatistics container) {
        var usage = container.getUsage();
        var labels =
                Labels.of(
                        "container", container.getName(),
                        "namespace", pod.namespace(),
                        "pod", pod.name());
        cpu("container", new Sample(labels, seconds(usage), pod.time()));
        memory("container", new Sample(labels, usage.getMemoryWorkingSetBytes(), pod.time()));
        swap("container", new Sample(labels, usage.getSwapBytes(), pod.time()));
        gauge(
                "container_swap_limit_bytes",
                "[ALPHA] Current amount of the container swap limit in bytes. Reported only on non-windows"
                        + " systems",
                new Sample(labels, 0, pod.time()));
        gauge(
                "container_start_time_seconds",
                "[STABLE] Start time of the container since unix epoch in seconds",
                new Sample(labels, container.getStartedUnixNanos() / NANOS));
    }

    private void pod(PodStatistics pod) {
        var usage = pod.told().getPod();
        var labels = Labels.of("namespace", pod.namespace(), "pod", pod.name());
        cpu("pod", new Sample(labels, seconds(usage), pod.time()));
        memory("pod", new Sample(labels, usage.getMemoryWorkingSetBytes(), pod.time()));
        swap("pod", new Sample(labels, usage.getSwapBytes(), pod.time()));
    }

    private void node(List<PodStatistics> pods) {
        var time = pods.stream().map(PodStatistics::time).max(Instant::compareTo).orElseThrow();
        var machines = pods.stream().map(pod -> pod.told().getMachine()).toList();
        cpu(
                "node",
                new Sample(
                        Labels.EMPTY,
                        machines.stream().mapToDouble(ResourceMetrics::seconds).sum(),
                        time));
        memory(
                "node",
                new Sample(
                        Labels.EMPTY,
                        machines.stream().mapToLong(Usage::getMemoryWorkingSetBytes).sum(),
                        time));
        swap(
                "node",
                new Sample(
                        Labels.EMPTY,
                        machines.stream().mapToLong(Usage::getSwapBytes).sum(),
                        time));
    }

    private void cpu(String what, Sample sample) {
        families.counter(
                what + "_cpu_usage_seconds_total",
                "[STABLE] Cumulative cpu time consumed by the %s in core-seconds".formatted(what),
                sample);
    }

    private void memory(String what, Sample sample) {
        gauge(
                what + "_memory_working_set_bytes",
                "[STABLE] Current working set of the %s in bytes".formatted(what),
                sample);
    }

    private void swap(String what, Sample sample) {
        var subject =
                what.equals("node")
                        ? "swap usage of the node"
                        : "amount of the %s swap usage".formatted(what);
        gauge(
                what + "_swap_usage_bytes",
                "[ALPHA] Current %s in bytes. Reported only on non-windows systems"
                        .formatted(subject),
                sample);
    }

    private void gauge(String name, String help, Sample sample) {
        families.gauge(name, help, sample);
    }

    private static double seconds(Usage usage) {
        return usage.getCpuNanos() / NANOS;
    }
}
