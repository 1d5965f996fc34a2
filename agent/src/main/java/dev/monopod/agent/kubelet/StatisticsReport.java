package dev.monopod.agent.kubelet;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.monopod.agent.kubelet.KubeletPods.ContainerStatistics;
import dev.monopod.agent.kubelet.KubeletPods.PodStatistics;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The JSON of `/stats/summary`, as the kubelet shapes it. Rates are those since the last report of
/// the same pod. Thread-safe.
final class StatisticsReport {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final int MAX_SAMPLES = 20_000;

    private final String hostName;
    private final Map<String, Sample> samples = new HashMap<>();

    StatisticsReport(String hostName) {
        this.hostName = hostName;
    }

    /// @param node whose report it is; empty: the host's, of all its pods
    synchronized String summary(Optional<String> node, List<PodStatistics> pods) {
        if (samples.size() > MAX_SAMPLES) {
            samples.clear();
        }
        var root = MAPPER.createObjectNode();
        var nodeJson = root.putObject("node");
        nodeJson.put("nodeName", node.orElse(hostName));
        if (pods.size() == 1) {
            var pod = pods.getFirst();
            nodeJson.put("startTime", pod.startTime().toString());
            machine(nodeJson, pod);
            fileSystem(nodeJson, "fs", pod, pod.scratchUsedBytes());
        } else {
            sum(nodeJson, pods);
        }
        var array = root.putArray("pods");
        for (var pod : pods) {
            pod(array.addObject(), pod);
        }
        return root.toString();
    }

    private void pod(ObjectNode json, PodStatistics pod) {
        json.putObject("podRef")
                .put("name", pod.name())
                .put("namespace", pod.namespace())
                .put("uid", pod.uid());
        json.put("startTime", pod.startTime().toString());
        var containers = json.putArray("containers");
        for (var container : pod.containers()) {
            container(containers.addObject(), pod, container);
        }
        machine(json, pod);
        fileSystem(json, "ephemeral-storage", pod, pod.scratchUsedBytes());
    }

    private void machine(ObjectNode json, PodStatistics pod) {
        cpu(json, pod.uid(), pod.time(), pod.cpuUsageNanos());
        json.putObject("memory")
                .put("time", pod.time().toString())
                .put("availableBytes", pod.memoryAvailableBytes())
                .put("usageBytes", pod.memoryWorkingSetBytes())
                .put("workingSetBytes", pod.memoryWorkingSetBytes());
        var network =
                json.putObject("network")
                        .put("time", pod.time().toString())
                        .put("name", "eth0")
                        .put("rxBytes", pod.networkReceiveBytes())
                        .put("txBytes", pod.networkTransmitBytes());
        network.putArray("interfaces")
                .addObject()
                .put("name", "eth0")
                .put("rxBytes", pod.networkReceiveBytes())
                .put("txBytes", pod.networkTransmitBytes());
    }

    private void container(ObjectNode json, PodStatistics pod, ContainerStatistics container) {
        json.put("name", container.name());
        json.put("startTime", container.startTime().toString());
        cpu(json, pod.uid() + "/" + container.name(), pod.time(), container.cpuUsageNanos());
        json.putObject("memory")
                .put("time", pod.time().toString())
                .put("usageBytes", container.memoryUsageBytes())
                .put("workingSetBytes", container.memoryWorkingSetBytes())
                .put("rssBytes", container.memoryRssBytes());
        fileSystem(json, "rootfs", pod, container.rootUsedBytes());
        fileSystem(json, "logs", pod, container.logUsedBytes());
    }

    private static void fileSystem(
            ObjectNode json, String name, PodStatistics pod, long usedBytes) {
        json.putObject(name)
                .put("time", pod.time().toString())
                .put("availableBytes", pod.scratchAvailableBytes())
                .put("capacityBytes", pod.scratchCapacityBytes())
                .put("usedBytes", usedBytes);
    }

    private static void sum(ObjectNode json, List<PodStatistics> pods) {
        var time = pods.stream().map(PodStatistics::time).max(Instant::compareTo);
        if (time.isEmpty()) {
            return;
        }
        json.putObject("cpu")
                .put("time", time.get().toString())
                .put(
                        "usageCoreNanoSeconds",
                        pods.stream().mapToLong(PodStatistics::cpuUsageNanos).sum());
        json.putObject("memory")
                .put("time", time.get().toString())
                .put(
                        "workingSetBytes",
                        pods.stream().mapToLong(PodStatistics::memoryWorkingSetBytes).sum());
    }

    private void cpu(ObjectNode json, String key, Instant time, long usageNanos) {
        var cpu =
                json.putObject("cpu")
                        .put("time", time.toString())
                        .put("usageCoreNanoSeconds", usageNanos);
        var sample = new Sample(ResourceMetrics.epochNanos(time), usageNanos, Optional.empty());
        var before = samples.get(key);
        if (before != null) {
            sample = sample.after(before);
        }
        samples.put(key, sample);
        sample.rate.ifPresent(rate -> cpu.put("usageNanoCores", rate));
    }

    /// @param rate in billionths of a core
    private record Sample(long timeNanos, long usageNanos, Optional<Long> rate) {
        Sample after(Sample before) {
            long duration = timeNanos - before.timeNanos;
            if (duration <= 0) {
                return before;
            }
            long used = Math.max(0, usageNanos - before.usageNanos);
            return new Sample(
                    timeNanos,
                    usageNanos,
                    Optional.of(Math.round((double) used * 1_000_000_000 / duration)));
        }
    }
}
