package dev.monopod.host.image;

import dev.monopod.host.image.ImageStore.PullProgress;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Brings the layers of one image into a folder, several at a time, each verified and each digest
/// once.
final class LayerDownloads {
    private static final int AT_A_TIME = 3;
    private static final int ATTEMPTS = 3;

    private final BlobSource source;
    private final Path folder;
    private final Room room;
    private final Meter meter;

    LayerDownloads(
            BlobSource source,
            Path folder,
            Room room,
            long total,
            Consumer<PullProgress> progress) {
        this.source = source;
        this.folder = folder;
        this.room = room;
        this.meter = new Meter(total, progress);
    }

    /// The layers' files, in the image's order; a layer that is in it twice is twice in the list.
    ///
    /// @throws IOException of the first layer that could not be had; the others are given up
    List<Path> all(List<ImageManifest.Blob> layers) throws IOException {
        var begun = new LinkedHashMap<String, Future<Path>>();
        var turns = new Semaphore(AT_A_TIME);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var layer : layers) {
                begun.computeIfAbsent(
                        layer.digest(), _ -> threads.submit(() -> inTurn(layer, turns)));
            }
            try {
                var files = new ArrayList<Path>();
                for (var layer : layers) {
                    files.add(Objects.requireNonNull(begun.get(layer.digest())).get());
                }
                return files;
            } catch (ExecutionException e) {
                throw failure(e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            } finally {
                threads.shutdownNow();
            }
        }
    }

    private static IOException failure(@Nullable Throwable cause) {
        return switch (cause) {
            case IOException e -> e;
            case RuntimeException e -> throw e;
            case null, default -> new IOException(cause);
        };
    }

    private Path inTurn(ImageManifest.Blob layer, Semaphore turns)
            throws IOException, InterruptedException {
        turns.acquire();
        try {
            return persistently(layer);
        } finally {
            turns.release();
        }
    }

    /// A connection that breaks midway, or content that came damaged, is tried again from the
    /// start.
    private Path persistently(ImageManifest.Blob layer) throws IOException {
        var file = folder.resolve(layer.digest().substring("sha256:".length()));
        for (var attempt = 1; ; attempt++) {
            try (var in = source.blob(layer.digest(), layer.size());
                    var out = room.watch(Files.newOutputStream(file))) {
                copy(layer, in, out);
                return file;
            } catch (IOException e) {
                if (attempt == ATTEMPTS || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
            }
        }
    }

    private void copy(ImageManifest.Blob layer, InputStream from, OutputStream out)
            throws IOException {
        var digest = Sha256.begin();
        var in = new DigestInputStream(from, digest);
        var buffer = new byte[1 << 16];
        var size = 0L;
        try {
            for (var n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new IOException("interrupted");
                }
                size += n;
                if (size > layer.size()) {
                    throw new IOException(
                            "layer %s is longer than the %d bytes it should have"
                                    .formatted(layer.digest(), layer.size()));
                }
                out.write(buffer, 0, n);
                meter.add(n);
            }
            var found = "sha256:" + HexFormat.of().formatHex(digest.digest());
            if (!found.equals(layer.digest())) {
                throw new IOException("layer %s came as %s".formatted(layer.digest(), found));
            }
        } catch (IOException e) {
            meter.add(-Math.min(size, layer.size()));
            throw e;
        }
    }

    /// Tells the progress at most once a second, and at the end.
    private static final class Meter {
        private static final long PROGRESS_NANOS = 1_000_000_000;

        private final long total;
        private final Consumer<PullProgress> progress;
        private long done;
        private long told = System.nanoTime();

        Meter(long total, Consumer<PullProgress> progress) {
            this.total = total;
            this.progress = progress;
        }

        synchronized void add(long bytes) {
            done += bytes;
            if (done == total || System.nanoTime() - told > PROGRESS_NANOS) {
                told = System.nanoTime();
                progress.accept(new PullProgress(done, total));
            }
        }
    }
}
