package dev.monopod.host.image;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/// Keeps a pull from filling the host's file system: other machines write to it too.
final class Room {
    private static final long MOST_RESERVED = 1L << 30;
    private static final int RESERVED_PART = 20;
    private static final long STEP = 16L << 20;

    private final Path directory;
    private final Measure measure;

    /// What the file system of the images holds and has left for us, in bytes.
    record Space(long total, long usable) {}

    interface Measure {
        Space now() throws IOException;
    }

    Room(Path directory) {
        this(directory, () -> space(directory));
    }

    Room(Path directory, Measure measure) {
        this.directory = directory;
        this.measure = measure;
    }

    static Space space(Path directory) throws IOException {
        var store = Files.getFileStore(directory);
        return new Space(store.getTotalSpace(), store.getUsableSpace());
    }

    /// @throws IOException when so many more bytes would leave less than the reserve: a twentieth
    ///   of the file system, at most 1 GiB
    void require(long bytes) throws IOException {
        var space = measure.now();
        var reserve = reserve(space);
        if (space.usable() - bytes < reserve) {
            // Not how much is left: this becomes an event, and equal events are counted.
            throw new IOException(
                    "the host's disk is nearly full: %s has no room for %d MiB beside the %d MiB that stay reserved"
                            .formatted(directory, (bytes + (1 << 20) - 1) >> 20, reserve >> 20));
        }
    }

    /// Passes on what is written as long as there is room for what becomes of it on the disk.
    OutputStream watch(OutputStream out) {
        return new FilterOutputStream(out) {
            private long sinceLook;

            @Override
            public void write(int value) throws IOException {
                look(1);
                out.write(value);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                look(length);
                out.write(bytes, offset, length);
            }

            private void look(int length) throws IOException {
                sinceLook += length;
                if (sinceLook >= STEP) {
                    sinceLook = 0;
                    require(STEP);
                }
            }
        };
    }

    /// Bytes that may still be written.
    long left() throws IOException {
        var space = measure.now();
        return Math.max(0, space.usable() - reserve(space));
    }

    private static long reserve(Space space) {
        return Math.min(space.total() / RESERVED_PART, MOST_RESERVED);
    }
}
