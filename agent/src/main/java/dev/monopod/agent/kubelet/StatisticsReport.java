package dev.monopod.agent.kubelet;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.monopod.agent.kubelet.KubeletPods.PodStatistics;
import dev.monopod.host.network.HostNetwork.Traffic;
import dev.monopod.protocol.guest.ContainerStatistics;
import dev.monopod.protocol.guest.FileSystem;
import dev.monopod.protocol.guest.Pressure;
import dev.monopod.protocol.guest.Stall;
import dev.monopod.protocol.guest.Usage;
import io.fabric8.kubernetes.api.model.Volume;
import java.time.Instant;
import java.util.Optional;

/// The JSON of `/stats/summary`, as the kubelet shapes it. Thread-safe.
final class StatisticsReport {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final long NANOS_PER_MICRO = 1000;

    private final CpuRates rates = new CpuRates();

    /// @param node whose report it is
    /// @param statistics of its pod; empty if it did not answer
    String summary(String node, Optional<PodStatistics> statistics) {
        var root = MAPPER.createObjectNode();
        var nodeJson = root.putObject("node");
        nodeJson.put("nodeName", node);
        statistics.ifPresent(pod -> node(nodeJson, pod));
        var array = root.putArray("pods");
        statistics.ifPresent(pod -> pod(array.addObject(), pod));
        return root.toString();
    }

    private void node(ObjectNode json, PodStatistics pod) {
        var time = pod.time().toString();
        var machine = pod.told().getMachine();
        group(json.putArray("systemContainers").addObject(), pod, "pods", pod.told().getPod());
        json.put("startTime", pod.startTime().toString());
        cpu(json, "node/" + pod.uid(), pod.time(), machine);
        memory(json, time, machine, Optional.of(pod.told().getMachineMemoryAvailableBytes()));
        swap(json, time, machine);
        io(json, time, machine);
        network(json, pod);
        fileSystem(json, "fs", time, pod.told().getScratch());
        var runtime = json.putObject("runtime");
        fileSystem(runtime, "imageFs", time, pod.told().getScratch());
        fileSystem(runtime, "containerFs", time, pod.told().getScratch());
        json.putObject("rlimit")
                .put("time", time)
                .put("maxpid", pod.told().getPod().getThreadsLimit())
                .put("curproc", machine.getProcesses());
    }

    private void group(ObjectNode json, PodStatistics pod, String name, Usage usage) {
        json.put("name", name);
        json.put("startTime", pod.startTime().toString());
        cpu(json, name + "/" + pod.uid(), pod.time(), usage);
        memory(json, pod.time().toString(), usage, limitLeft(usage));
    }

    private void pod(ObjectNode json, PodStatistics pod) {
        var time = pod.time().toString();
        var usage = pod.told().getPod();
        json.putObject("podRef")
                .put("name", pod.name())
                .put("namespace", pod.namespace())
                .put("uid", pod.uid());
        json.put("startTime", pod.startTime().toString());
        var containers = json.putArray("containers");
        for (var container : pod.told().getContainersList()) {
            container(containers.addObject(), pod, container);
        }
        cpu(json, pod.uid(), pod.time(), usage);
        memory(json, time, usage, limitLeft(usage));
        swap(json, time, usage);
        io(json, time, usage);
        network(json, pod);
        volumes(json, pod);
        fileSystem(json, "ephemeral-storage", time, pod.told().getScratch());
        json.putObject("process_stats").put("process_count", usage.getProcesses());
    }

    private void container(ObjectNode json, PodStatistics pod, ContainerStatistics container) {
        var time = pod.time().toString();
        var usage = container.getUsage();
        json.put("name", container.getName());
        json.put("startTime", PodStatistics.instant(container.getStartedUnixNanos()).toString());
        cpu(json, pod.uid() + "/" + container.getName(), pod.time(), usage);
        memory(json, time, usage, limitLeft(usage));
        swap(json, time, usage);
        io(json, time, usage);
        var disk = pod.told().getScratch();
        fileSystem(
                json,
                "rootfs",
                time,
                disk.toBuilder()
                        .setUsedBytes(container.getRootUsedBytes())
                        .setInodesUsed(container.getRootInodesUsed())
                        .build());
        fileSystem(
                json,
                "logs",
                time,
                disk.toBuilder()
                        .setUsedBytes(container.getLogUsedBytes())
                        .setInodesUsed(1)
                        .build());
    }

    private void cpu(ObjectNode json, String key, Instant time, Usage usage) {
        var cpu = json.putObject("cpu").put("time", time.toString());
        rates.after(key, time, usage.getCpuNanos())
                .ifPresent(rate -> cpu.put("usageNanoCores", rate));
        cpu.put("usageCoreNanoSeconds", usage.getCpuNanos());
        if (usage.hasCpuPressure()) {
            pressure(cpu, usage.getCpuPressure());
        }
    }

    private static void memory(
            ObjectNode json, String time, Usage usage, Optional<Long> availableBytes) {
        var memory = json.putObject("memory").put("time", time);
        availableBytes.ifPresent(bytes -> memory.put("availableBytes", bytes));
        memory.put("usageBytes", usage.getMemoryBytes())
                .put("workingSetBytes", usage.getMemoryWorkingSetBytes())
                .put("rssBytes", usage.getMemoryAnonymousBytes())
                .put("pageFaults", usage.getPageFaults())
                .put("majorPageFaults", usage.getMajorPageFaults());
        if (usage.hasMemoryPressure()) {
            pressure(memory, usage.getMemoryPressure());
        }
    }

    /// A group without a limit has nothing left of it.
    private static Optional<Long> limitLeft(Usage usage) {
        return usage.getMemoryLimitBytes() == 0
                ? Optional.empty()
                : Optional.of(
                        Math.max(
                                0, usage.getMemoryLimitBytes() - usage.getMemoryWorkingSetBytes()));
    }

    private static void swap(ObjectNode json, String time, Usage usage) {
        json.putObject("swap")
                .put("time", time)
                .put("swapAvailableBytes", 0)
                .put("swapUsageBytes", usage.getSwapBytes());
    }

    private static void io(ObjectNode json, String time, Usage usage) {
        if (usage.hasIoPressure()) {
            pressure(json.putObject("io").put("time", time), usage.getIoPressure());
        }
    }

    private static void pressure(ObjectNode json, Pressure pressure) {
        var psi = json.putObject("psi");
        stall(psi.putObject("full"), pressure.getFull());
        stall(psi.putObject("some"), pressure.getSome());
    }

    private static void stall(ObjectNode json, Stall stall) {
        json.put("total", stall.getTotalNanos() / NANOS_PER_MICRO)
                .put("avg10", stall.getPercent10S())
                .put("avg60", stall.getPercent60S())
                .put("avg300", stall.getPercent300S());
    }

    private static void network(ObjectNode json, PodStatistics pod) {
        pod.traffic()
                .ifPresent(traffic -> {
                    var network = json.putObject("network").put("time", pod.time().toString());
                    counters(network, traffic);
                    counters(network.putArray("interfaces").addObject(), traffic);
                });
    }

    private static void counters(ObjectNode json, Traffic traffic) {
        json.put("name", PodStatistics.INTERFACE)
                .put("rxBytes", traffic.received().bytes())
                .put("rxErrors", traffic.received().errors())
                .put("txBytes", traffic.sent().bytes())
                .put("txErrors", traffic.sent().errors());
    }

    private static void volumes(ObjectNode json, PodStatistics pod) {
        if (pod.told().getVolumesCount() == 0) {
            return;
        }
        var volumes = json.putArray("volume");
        for (var told : pod.told().getVolumesList()) {
            var volume = volumes.addObject();
            numbers(volume, pod.time().toString(), told.getFileSystem());
            volume.put("name", told.getName());
            claim(pod, told.getName())
                    .ifPresent(claim ->
                            volume.putObject("pvcRef")
                                    .put("name", claim)
                                    .put("namespace", pod.namespace()));
        }
    }

    /// The claim that a volume of the pod stands for.
    static Optional<String> claim(PodStatistics pod, String volume) {
        return pod.pod().getSpec().getVolumes().stream()
                .filter(one -> one.getName().equals(volume))
                .map(Volume::getPersistentVolumeClaim)
                .filter(source -> source != null)
                .map(source -> source.getClaimName())
                .findFirst();
    }

    private static void fileSystem(ObjectNode json, String name, String time, FileSystem told) {
        numbers(json.putObject(name), time, told);
    }

    private static void numbers(ObjectNode json, String time, FileSystem told) {
        json.put("time", time)
                .put("availableBytes", told.getAvailableBytes())
                .put("capacityBytes", told.getCapacityBytes())
                .put("usedBytes", told.getUsedBytes())
                .put("inodesFree", told.getInodesFree())
                .put("inodes", told.getInodes())
                .put("inodesUsed", told.getInodesUsed());
    }
}
