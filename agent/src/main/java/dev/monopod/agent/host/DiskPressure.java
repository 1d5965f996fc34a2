package dev.monopod.agent.host;

import dev.monopod.kube.api.HostStatus;
import dev.monopod.kube.client.ConditionState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Whether the file system of the machines' disks is nearly full. They are sparse and together may
/// be larger than it; a machine that finds no room stops, so no further one comes before that. It
/// holds from when less than a tenth of the file system is free, or less than 5 GiB if that is
/// less, until half as much more is. Of one thread.
final class DiskPressure {
    private static final int FREE_PART = 10;
    private static final long MOST_FREE = 5L << 30;

    private final Path directory;
    private final Measure measure;
    private boolean holds;

    /// Of a file system, in bytes.
    record Space(long total, long usable) {}

    interface Measure {
        Space now() throws IOException;
    }

    DiskPressure(Path directory) {
        this(
                directory,
                () -> {
                    var store = Files.getFileStore(directory);
                    return new Space(store.getTotalSpace(), store.getUsableSpace());
                });
    }

    DiskPressure(Path directory, Measure measure) {
        this.directory = directory;
        this.measure = measure;
    }

    ConditionState now() throws IOException {
        var space = measure.now();
        var least = Math.min(space.total() / FREE_PART, MOST_FREE);
        var enough = least / 2 * 3;
        holds = space.usable() < (holds ? enough : least);
        return holds
                ? new ConditionState(
                        HostStatus.DISK_PRESSURE,
                        true,
                        "LittleSpaceLeft",
                        "%s: %d of %d MiB are free; no machine comes here until %d are"
                                .formatted(
                                        directory,
                                        space.usable() >> 20,
                                        space.total() >> 20,
                                        enough >> 20))
                : new ConditionState(
                        HostStatus.DISK_PRESSURE,
                        false,
                        "EnoughSpace",
                        "the machines' disks have room");
    }
}
