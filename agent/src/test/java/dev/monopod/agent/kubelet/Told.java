package dev.monopod.agent.kubelet;

import dev.monopod.agent.kubelet.KubeletPods.PodStatistics;
import dev.monopod.host.network.HostNetwork.Traffic;
import dev.monopod.host.network.HostNetwork.Traffic.Direction;
import dev.monopod.protocol.guest.ContainerEvents;
import dev.monopod.protocol.guest.ContainerStatistics;
import dev.monopod.protocol.guest.DeviceUsage;
import dev.monopod.protocol.guest.FileSystem;
import dev.monopod.protocol.guest.Pressure;
import dev.monopod.protocol.guest.Stall;
import dev.monopod.protocol.guest.StatisticsResponse;
import dev.monopod.protocol.guest.Usage;
import dev.monopod.protocol.guest.VolumeStatistics;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;
import java.util.Optional;

/// What a guest might tell, one minute after the pod's start.
final class Told {
    private Told() {}

    static PodStatistics statistics(Pod pod, Instant start) {
        long seconds = start.getEpochSecond();
        var told =
                StatisticsResponse.newBuilder()
                        .setUnixTimeNanos((seconds + 60) * 1_000_000_000L)
                        .setMachineMemoryTotalBytes(512L << 20)
                        .setMachineMemoryAvailableBytes(400L << 20)
                        .setProcessors(2)
                        .setMachine(usage(4500).clearCpuQuotaMicros().clearMemoryLimitBytes())
                        .setPod(usage(3000))
                        .addContainers(
                                ContainerStatistics.newBuilder()
                                        .setContainerId("c0ffee")
                                        .setName("main")
                                        .setStartedUnixNanos(seconds * 1_000_000_000L + 500_000_000)
                                        .setRootUsedBytes(500)
                                        .setRootInodesUsed(5)
                                        .setLogUsedBytes(50)
                                        .setUsage(usage(1500)))
                        .addEvents(ContainerEvents.newBuilder().setName("main").setOomKills(2))
                        .setScratch(disk(400))
                        .addVolumes(
                                VolumeStatistics.newBuilder()
                                        .setName("data")
                                        .setFileSystem(disk(300)))
                        .addVolumes(
                                VolumeStatistics.newBuilder()
                                        .setName("cache")
                                        .setFileSystem(disk(100)))
                        .build();
        var traffic = new Traffic(new Direction(11, 12, 13, 14), new Direction(21, 22, 23, 24));
        return new PodStatistics(pod, start, told, Optional.of(traffic));
    }

    private static FileSystem disk(long used) {
        return FileSystem.newBuilder()
                .setCapacityBytes(1000)
                .setAvailableBytes(600)
                .setUsedBytes(used)
                .setInodes(100)
                .setInodesFree(90)
                .setInodesUsed(10)
                .build();
    }

    private static Usage.Builder usage(long cpuMillis) {
        return Usage.newBuilder()
                .setCpuNanos(cpuMillis * 1_000_000)
                .setCpuUserNanos(cpuMillis * 750_000)
                .setCpuSystemNanos(cpuMillis * 250_000)
                .setCpuPeriods(40)
                .setCpuThrottledPeriods(4)
                .setCpuThrottledNanos(200_000_000)
                .setMemoryBytes(3000)
                .setMemoryPeakBytes(3500)
                .setMemoryWorkingSetBytes(2000)
                .setMemoryAnonymousBytes(1000)
                .setMemoryFileBytes(900)
                .setMemoryMappedBytes(800)
                .setMemoryActiveFileBytes(100)
                .setMemoryInactiveFileBytes(1000)
                .setMemoryKernelBytes(70)
                .setPageFaults(60)
                .setMajorPageFaults(6)
                .setMemoryLimitHits(3)
                .setProcesses(2)
                .setThreads(3)
                .setThreadsLimit(1000)
                .setOpenFiles(9)
                .setSockets(1)
                .addDevices(
                        DeviceUsage.newBuilder()
                                .setDevice("/dev/vda")
                                .setReadBytes(4096)
                                .setWrittenBytes(8192)
                                .setReads(1)
                                .setWrites(2))
                .setCpuPressure(pressure())
                .setMemoryPressure(pressure())
                .setIoPressure(pressure())
                .setCpuWeight(10)
                .setCpuQuotaMicros(25_000)
                .setCpuPeriodMicros(100_000)
                .setMemoryLimitBytes(268_435_456)
                .setMemoryProtectedBytes(134_217_728);
    }

    private static Pressure pressure() {
        return Pressure.newBuilder()
                .setSome(
                        Stall.newBuilder()
                                .setPercent10S(1.5)
                                .setPercent60S(0.5)
                                .setPercent300S(0.25)
                                .setTotalNanos(30_000_000))
                .setFull(Stall.newBuilder().setTotalNanos(10_000_000))
                .build();
    }
}
