package dev.monopod.host.image;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// What one image may cost the agent while its layers are merged: counted as they are read, over
/// all layers, so that a small download cannot become endless work. The heap of an agent is 256
/// MiB, and an entry takes some 300 bytes of it beside its path. Of one thread.
final class LayerBounds {
    static final int MOST_ENTRIES = 200_000;
    static final int MOST_PATH_BYTES = 24 << 20;
    static final long MOST_UNPACKED_BYTES = 2 * ImageStore.DISK_BYTES;
    static final int LONGEST_PATH = 4096;
    static final int LONGEST_NAME = 255;
    static final int DEEPEST_PATH = 128;

    private final int mostEntries;
    private final long mostUnpackedBytes;
    private int entries;
    private int pathBytes;
    private long unpacked;

    LayerBounds() {
        this(MOST_ENTRIES, MOST_UNPACKED_BYTES);
    }

    LayerBounds(int mostEntries, long mostUnpackedBytes) {
        this.mostEntries = mostEntries;
        this.mostUnpackedBytes = mostUnpackedBytes;
    }

    /// One more entry.
    ///
    /// @param path as it is kept
    void entry(String path) throws IOException {
        entries++;
        pathBytes += path.length();
        if (entries > mostEntries) {
            throw new UnfitLayerException(
                    "its layers have more than %d entries".formatted(mostEntries));
        }
        if (pathBytes > MOST_PATH_BYTES) {
            throw new UnfitLayerException(
                    "the paths of its entries have more than %d characters together"
                            .formatted(MOST_PATH_BYTES));
        }
    }

    /// A layer without its compression; what is read of it counts.
    InputStream counted(InputStream layer) {
        return new FilterInputStream(layer) {
            @Override
            public int read() throws IOException {
                var one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                if (Thread.currentThread().isInterrupted()) {
                    throw new IOException("interrupted");
                }
                var count = super.read(target, offset, length);
                unpacked += Math.max(0, count);
                if (unpacked > mostUnpackedBytes) {
                    throw new UnfitLayerException(
                            "its layers have more than %d bytes without compression"
                                    .formatted(mostUnpackedBytes));
                }
                return count;
            }

            @Override
            public boolean markSupported() {
                return false;
            }
        };
    }
}
