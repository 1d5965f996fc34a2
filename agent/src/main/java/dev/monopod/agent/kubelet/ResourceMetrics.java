package dev.monopod.agent.kubelet;

import dev.monopod.agent.kubelet.KubeletPods.ContainerStatistics;
import dev.monopod.agent.kubelet.KubeletPods.PodStatistics;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/// The text of `/metrics/resource` with the kubelet's names, units and timestamps. The node is the
/// pod's machine; for several pods, their sum.
final class ResourceMetrics {
    private final StringBuilder text = new StringBuilder();

    private ResourceMetrics() {}

    static String text(List<PodStatistics> pods) {
        var metrics = new ResourceMetrics();
        metrics.containers(pods);
        metrics.node(pods);
        metrics.pods(pods);
        metrics.head(
                "resource_scrape_error",
                "gauge",
                "1 if there was an error while getting container metrics, 0 otherwise");
        metrics.text.append("resource_scrape_error 0\n");
        return metrics.text.toString();
    }

    private void containers(List<PodStatistics> pods) {
        head(
                "container_cpu_usage_seconds_total",
                "counter",
                "Cumulative cpu time consumed by the container in core-seconds");
        perContainer(
                pods,
                "container_cpu_usage_seconds_total",
                container -> seconds(container.cpuUsageNanos()));
        head(
                "container_memory_working_set_bytes",
                "gauge",
                "Current working set of the container in bytes");
        perContainer(
                pods,
                "container_memory_working_set_bytes",
                container -> Long.toString(container.memoryWorkingSetBytes()));
        head(
                "container_start_time_seconds",
                "gauge",
                "Start time of the container since unix epoch in seconds");
        perContainer(
                pods,
                "container_start_time_seconds",
                container -> seconds(epochNanos(container.startTime())));
    }

    private void node(List<PodStatistics> pods) {
        if (pods.isEmpty()) {
            return;
        }
        var time = pods.stream().map(PodStatistics::time).max(Instant::compareTo).orElseThrow();
        head(
                "node_cpu_usage_seconds_total",
                "counter",
                "Cumulative cpu time consumed by the node in core-seconds");
        line(
                "node_cpu_usage_seconds_total",
                "",
                seconds(sum(pods, PodStatistics::cpuUsageNanos)),
                time);
        head("node_memory_working_set_bytes", "gauge", "Current working set of the node in bytes");
        line(
                "node_memory_working_set_bytes",
                "",
                Long.toString(sum(pods, PodStatistics::memoryWorkingSetBytes)),
                time);
    }

    private void pods(List<PodStatistics> pods) {
        head(
                "pod_cpu_usage_seconds_total",
                "counter",
                "Cumulative cpu time consumed by the pod in core-seconds");
        for (var pod : pods) {
            line(
                    "pod_cpu_usage_seconds_total",
                    labels(pod),
                    seconds(pod.cpuUsageNanos()),
                    pod.time());
        }
        head("pod_memory_working_set_bytes", "gauge", "Current working set of the pod in bytes");
        for (var pod : pods) {
            line(
                    "pod_memory_working_set_bytes",
                    labels(pod),
                    Long.toString(pod.memoryWorkingSetBytes()),
                    pod.time());
        }
    }

    private void perContainer(
            List<PodStatistics> pods, String name, Function<ContainerStatistics, String> value) {
        for (var pod : pods) {
            for (var container : pod.containers()) {
                line(
                        name,
                        "{container=\"%s\",namespace=\"%s\",pod=\"%s\"}"
                                .formatted(container.name(), pod.namespace(), pod.name()),
                        value.apply(container),
                        pod.time());
            }
        }
    }

    // Names of Kubernetes objects need no quoting.
    private static String labels(PodStatistics pod) {
        return "{namespace=\"%s\",pod=\"%s\"}".formatted(pod.namespace(), pod.name());
    }

    private void head(String name, String type, String help) {
        text.append("# HELP ").append(name).append(" [STABLE] ").append(help).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private void line(String name, String labels, String value, Instant time) {
        text.append(
                String.format(
                        Locale.ROOT, "%s%s %s %d%n", name, labels, value, time.toEpochMilli()));
    }

    private static long sum(List<PodStatistics> pods, ToLongFunction<PodStatistics> value) {
        return pods.stream().mapToLong(value).sum();
    }

    static long epochNanos(Instant time) {
        return Math.addExact(
                Math.multiplyExact(time.getEpochSecond(), 1_000_000_000L), time.getNano());
    }

    private static String seconds(long nanos) {
        return BigDecimal.valueOf(nanos, 9).stripTrailingZeros().toPlainString();
    }
}
