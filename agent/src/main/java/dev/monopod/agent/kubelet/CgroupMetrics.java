package dev.monopod.agent.kubelet;

import dev.monopod.agent.kubelet.Families.Sample;
import dev.monopod.protocol.guest.DeviceUsage;
import dev.monopod.protocol.guest.Pressure;
import dev.monopod.protocol.guest.Usage;
import io.prometheus.metrics.model.snapshots.Labels;
import java.time.Instant;

/// cAdvisor's metrics of one cgroup: a machine's, a pod's or a container's.
final class CgroupMetrics {
    private static final double NANOS = 1e9;
    private static final long SHARES_MIN = 2;

    private final Families families;
    private final Labels labels;
    private final Instant time;

    /// @param labels id, image, name, namespace, pod and container
    CgroupMetrics(Families families, Labels labels, Instant time) {
        this.families = families;
        this.labels = labels;
        this.time = time;
    }

    void usage(Usage usage) {
        gauge("last_seen", "Last time a container was seen by the exporter", time.getEpochSecond());
        cpu(usage);
        memory(usage);
        pressure("cpu", usage.getCpuPressure(), usage.hasCpuPressure());
        pressure("memory", usage.getMemoryPressure(), usage.hasMemoryPressure());
        pressure("io", usage.getIoPressure(), usage.hasIoPressure());
        usage.getDevicesList().forEach(this::device);
        gauge(
                "processes",
                "Number of processes running inside the container.",
                usage.getProcesses());
        gauge(
                "file_descriptors",
                "Number of open file descriptors for the container.",
                usage.getOpenFiles());
        gauge("sockets", "Number of open sockets for the container.", usage.getSockets());
        gauge(
                "threads_max",
                "Maximum number of threads allowed inside the container, infinity if value is zero",
                usage.getThreadsLimit());
        gauge("threads", "Number of threads running inside the container", usage.getThreads());
    }

    void oomEvents(long count) {
        counter(
                "oom_events_total",
                "Count of out of memory events observed for the container",
                count);
    }

    /// The limits that hold, and since when the container is there.
    void specification(Usage usage, Instant started) {
        specification(
                "start_time_seconds",
                "Start time of the container since unix epoch in seconds.",
                started.getEpochSecond());
        specification(
                "spec_cpu_period", "CPU period of the container.", usage.getCpuPeriodMicros());
        if (usage.getCpuQuotaMicros() > 0) {
            specification(
                    "spec_cpu_quota", "CPU quota of the container.", usage.getCpuQuotaMicros());
        }
        specification(
                "spec_cpu_shares", "CPU share of the container.", shares(usage.getCpuWeight()));
        specification(
                "spec_memory_limit_bytes",
                "Memory limit for the container.",
                usage.getMemoryLimitBytes());
        specification(
                "spec_memory_reservation_limit_bytes",
                "Memory reservation limit for the container.",
                usage.getMemoryProtectedBytes());
        specification("spec_memory_swap_limit_bytes", "Memory swap limit for the container.", 0);
    }

    /// The inverse of what makes a cgroup v2 weight of CPU shares.
    static long shares(long weight) {
        return weight == 0 ? 0 : SHARES_MIN + (weight - 1) * 262_142 / 9999;
    }

    private void cpu(Usage usage) {
        counter(
                "cpu_user_seconds_total",
                "Cumulative user cpu time consumed in seconds.",
                usage.getCpuUserNanos() / NANOS);
        counter(
                "cpu_system_seconds_total",
                "Cumulative system cpu time consumed in seconds.",
                usage.getCpuSystemNanos() / NANOS);
        families.counter(
                "container_cpu_usage_seconds_total",
                "Cumulative cpu time consumed in seconds.",
                new Sample(labels.add("cpu", "total"), usage.getCpuNanos() / NANOS, time));
        if (usage.getCpuQuotaMicros() == 0) {
            return;
        }
        counter(
                "cpu_cfs_periods_total",
                "Number of elapsed enforcement period intervals.",
                usage.getCpuPeriods());
        counter(
                "cpu_cfs_throttled_periods_total",
                "Number of throttled period intervals.",
                usage.getCpuThrottledPeriods());
        counter(
                "cpu_cfs_throttled_seconds_total",
                "Total time duration the container has been throttled.",
                usage.getCpuThrottledNanos() / NANOS);
        counter(
                "cpu_cfs_burst_periods_total",
                "Number of periods when burst occurs.",
                usage.getCpuBurstPeriods());
        counter(
                "cpu_cfs_burst_seconds_total",
                "Total time duration the container has been bursted.",
                usage.getCpuBurstNanos() / NANOS);
    }

    private void memory(Usage usage) {
        gauge("memory_cache", "Number of bytes of page cache memory.", usage.getMemoryFileBytes());
        gauge("memory_rss", "Size of RSS in bytes.", usage.getMemoryAnonymousBytes());
        gauge(
                "memory_kernel_usage",
                "Size of kernel memory allocated in bytes.",
                usage.getMemoryKernelBytes());
        gauge(
                "memory_mapped_file",
                "Size of memory mapped files in bytes.",
                usage.getMemoryMappedBytes());
        gauge("memory_swap", "Container swap usage in bytes.", usage.getSwapBytes());
        counter("memory_failcnt", "Number of memory usage hits limits", usage.getMemoryLimitHits());
        gauge(
                "memory_usage_bytes",
                "Current memory usage in bytes, including all memory regardless of when it was"
                        + " accessed",
                usage.getMemoryBytes());
        gauge(
                "memory_max_usage_bytes",
                "Maximum memory usage recorded in bytes",
                usage.getMemoryPeakBytes());
        gauge(
                "memory_working_set_bytes",
                "Current working set in bytes.",
                usage.getMemoryWorkingSetBytes());
        gauge(
                "memory_total_active_file_bytes",
                "Current total active file in bytes.",
                usage.getMemoryActiveFileBytes());
        gauge(
                "memory_total_inactive_file_bytes",
                "Current total inactive file in bytes.",
                usage.getMemoryInactiveFileBytes());
        failures("pgfault", usage.getPageFaults());
        failures("pgmajfault", usage.getMajorPageFaults());
    }

    /// cgroup v2 counts with all that lies below.
    private void failures(String type, long count) {
        for (var scope : new String[] {"container", "hierarchy"}) {
            families.counter(
                    "container_memory_failures_total",
                    "Cumulative count of memory allocation failures.",
                    new Sample(labels.add("failure_type", type).add("scope", scope), count, time));
        }
    }

    private void pressure(String resource, Pressure pressure, boolean known) {
        if (!known) {
            return;
        }
        var name = resource.equals("cpu") || resource.equals("io") ? upper(resource) : resource;
        counter(
                "pressure_%s_waiting_seconds_total".formatted(resource),
                "Total time duration tasks in the container have waited due to %s congestion."
                        .formatted(name),
                pressure.getSome().getTotalNanos() / NANOS);
        counter(
                "pressure_%s_stalled_seconds_total".formatted(resource),
                "Total time duration no tasks in the container could make progress due to %s congestion."
                        .formatted(name),
                pressure.getFull().getTotalNanos() / NANOS);
    }

    private static String upper(String text) {
        return text.toUpperCase(java.util.Locale.ROOT);
    }

    private void device(DeviceUsage device) {
        var ofDevice = labels.add("device", device.getDevice());
        families.counter(
                "container_fs_reads_bytes_total",
                "Cumulative count of bytes read",
                new Sample(ofDevice, device.getReadBytes(), time));
        families.counter(
                "container_fs_reads_total",
                "Cumulative count of reads completed",
                new Sample(ofDevice, device.getReads(), time));
        families.counter(
                "container_fs_writes_bytes_total",
                "Cumulative count of bytes written",
                new Sample(ofDevice, device.getWrittenBytes(), time));
        families.counter(
                "container_fs_writes_total",
                "Cumulative count of writes completed",
                new Sample(ofDevice, device.getWrites(), time));
    }

    private void counter(String name, String help, double value) {
        families.counter("container_" + name, help, new Sample(labels, value, time));
    }

    private void gauge(String name, String help, double value) {
        families.gauge("container_" + name, help, new Sample(labels, value, time));
    }

    private void specification(String name, String help, double value) {
        families.gauge("container_" + name, help, new Sample(labels, value));
    }
}
