package dev.monopod.agent.logging;

import dev.monopod.agent.logging.Checkpoints.Source;
import dev.monopod.agent.pod.log.LogSlices;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/// The log files of one pod, first in the pod's directory, then in the router's own. Thread-safe.
final class PodLogs {
    private Supplier<LoggedPod> pod;
    private final Path home;
    private final ReentrantReadWriteLock moving = new ReentrantReadWriteLock();
    private Path logs;
    private boolean over;

    /// @param pod as it is known at that moment
    /// @param home the router's directory for this pod
    /// @param podDirectory where the logs are while the pod is there
    PodLogs(Supplier<LoggedPod> pod, Path home, Path podDirectory) {
        this.pod = pod;
        this.home = home;
        var kept = home.resolve("logs");
        this.over = Files.exists(kept);
        this.logs = over ? kept : podDirectory.resolve("logs");
    }

    LoggedPod pod() {
        moving.readLock().lock();
        try {
            return pod.get();
        } finally {
            moving.readLock().unlock();
        }
    }

    Path home() {
        return home;
    }

    /// What may be read, in turn.
    List<Source> sources() throws IOException {
        moving.readLock().lock();
        try {
            var sources = new ArrayList<Source>();
            if (!Files.isDirectory(logs)) {
                return sources;
            }
            try (var containers = Files.list(logs)) {
                for (var container : containers.sorted().toList()) {
                    for (var attempt : LogSlices.attempts(container)) {
                        sources.add(new Source(container.getFileName().toString(), attempt));
                    }
                }
            }
            return sources;
        } finally {
            moving.readLock().unlock();
        }
    }

    LogSlices.Slice read(Source source, long place, LogSlices.Bounds bounds) throws IOException {
        moving.readLock().lock();
        try {
            return LogSlices.read(
                    logs.resolve(source.container()), source.attempt(), place, bounds, over);
        } finally {
            moving.readLock().unlock();
        }
    }

    /// Of all files that are there; what goes meanwhile counts as nothing.
    long bytes() {
        moving.readLock().lock();
        try {
            var bytes = 0L;
            for (var container : files(logs.toFile())) {
                for (var file : files(container)) {
                    bytes += file.length();
                }
            }
            return bytes;
        } finally {
            moving.readLock().unlock();
        }
    }

    private static File[] files(File directory) {
        var files = directory.listFiles();
        return files == null ? new File[0] : files;
    }

    /// Whether nothing is written any more.
    boolean over() {
        moving.readLock().lock();
        try {
            return over;
        } finally {
            moving.readLock().unlock();
        }
    }

    /// Takes the logs out of the pod's directory, and notes down what is known of the pod.
    void move(Path podDirectory, long nowMillis) throws IOException {
        moving.writeLock().lock();
        try {
            if (over) {
                return;
            }
            var ended = pod.get().ended(nowMillis);
            ended.write(home.resolve("pod.json"));
            var from = podDirectory.resolve("logs");
            var kept = home.resolve("logs");
            if (Files.isDirectory(from)) {
                Files.move(from, kept, StandardCopyOption.ATOMIC_MOVE);
            } else {
                Files.createDirectories(kept);
            }
            logs = kept;
            over = true;
            pod = () -> ended;
        } finally {
            moving.writeLock().unlock();
        }
    }
}
