package dev.monopod.agent.pod.volume;

import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.log.LogFile;
import dev.monopod.agent.pod.scope.BelievedStatistics;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.kube.client.EventType;
import dev.monopod.model.loop.Pace;
import dev.monopod.protocol.guest.StatisticsRequest;
import dev.monopod.protocol.guest.StatisticsResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/// Evicts a pod that keeps more on its disk than it may. A loop of the pod, and only for pods with
/// limits, since counting walks through all that the containers wrote.
public final class StorageWatch {
    /// As often as the kubelet's eviction manager looks.
    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private static final Duration CALL = Duration.ofSeconds(30);
    private static final Duration GRACE = Duration.ofSeconds(1);

    private final PodView view;
    private final PodScope scope;
    private final PodReports reports;
    private final MachineHandle machine;
    private final StorageLimits limits;

    /// Of the loop's thread.
    private boolean evicted;

    public StorageWatch(PodView view, PodScope scope, PodReports reports, MachineHandle machine) {
        this.view = view;
        this.scope = scope;
        this.reports = reports;
        this.machine = machine;
        this.limits = new StorageLimits(view.pod());
    }

    /// Looks until the pod is evicted or its machine goes.
    public void start() {
        if (limits.any()) {
            scope.loop("pod-storage", "storage", Pace.every(INTERVAL).after(INTERVAL), this::look);
        }
    }

    private void look() {
        if (evicted) {
            return;
        }
        var told =
                machine.guest()
                        .blocking(CALL)
                        .statistics(StatisticsRequest.newBuilder().setDetailed(true).build());
        limits.exceeded(use(BelievedStatistics.of(told, view, scope.now())))
                .ifPresent(why -> {
                    evicted = true;
                    reports.event(EventType.WARNING, "Evicted", why);
                    reports.post(new PodInput.Fail("Evicted", why, GRACE));
                });
    }

    private StorageLimits.Use use(StatisticsResponse told) {
        Map<String, Long> volumes = new HashMap<>();
        for (var volume : told.getVolumesList()) {
            volumes.put(volume.getName(), volume.getFileSystem().getUsedBytes());
        }
        Map<String, Long> containers = new HashMap<>();
        for (var container : told.getContainersList()) {
            containers.merge(
                    container.getName(),
                    container.getRootUsedBytes() + logBytes(container.getName()),
                    Math::max);
        }
        return new StorageLimits.Use(volumes, containers);
    }

    /// Logs are kept on the host, and count as if they were on the machine's disk.
    private long logBytes(String container) {
        var ours = view.plan().containers().stream().anyMatch(c -> c.name().equals(container));
        var directory = LogFile.directory(view.directory(), ours ? container : "");
        if (!ours || !Files.isDirectory(directory)) {
            return 0;
        }
        try (var files = Files.list(directory)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
