package dev.monopod.agent.image;

import dev.monopod.agent.image.ImageRecords.Known;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// [ImageStore] that keeps one squashfs file per image digest (ADR 0002). Layers are spooled,
/// verified, merged into one tar stream and packed; none is ever unpacked on the host.
public final class OciImageStore implements ImageStore {
    private static final long PROGRESS_NANOS = 1_000_000_000;
    private static final int ATTEMPTS = 3;

    private final Path directory;
    private final RegistryConfiguration registries;
    private final ImageRecords records;
    private final ConcurrentHashMap<String, ImageManifest> resolved = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, ReentrantLock> fetching = new ConcurrentHashMap<>();

    public OciImageStore(Path directory, RegistryConfiguration registries) {
        this.directory = directory;
        this.registries = registries;
        this.records = new ImageRecords(directory);
    }

    @Override
    public ResolvedImage resolve(
            String reference, PullPolicy policy, List<RegistryCredential> credentials) {
        var parsed = ImageReference.parse(reference);
        var name = parsed.toString();
        if (policy != PullPolicy.ALWAYS) {
            var known = records.known(name);
            var whole = known.flatMap(k -> records.whole(k.digest()));
            if (known.isPresent() && whole.isPresent()) {
                return image(reference, known.get().imageId(), whole.get());
            }
        }
        if (policy == PullPolicy.NEVER) {
            throw new ImageException(
                    ImageException.Reason.NEVER_PULL,
                    "Container image \"%s\" is not present with pull policy of Never"
                            .formatted(reference));
        }
        var source = new RegistrySource(parsed, registries, credentials);
        var manifest = ImageManifest.read(source, parsed.tagOrDigest(), name);
        var imageId = parsed.name() + "@" + manifest.topDigest();
        resolved.put(manifest.digest(), manifest);
        try {
            records.remember(name, new Known(manifest.digest(), imageId));
            new SquashfsDisk(records.disk(manifest.digest())).reserve();
        } catch (IOException e) {
            throw failed(name, e);
        }
        return image(reference, imageId, manifest);
    }

    @Override
    public void fetch(
            ResolvedImage image,
            List<RegistryCredential> credentials,
            Consumer<PullProgress> progress) {
        var lock = fetching.computeIfAbsent(image.digest(), digest -> new ReentrantLock());
        try {
            lock.lockInterruptibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed(image.reference(), new IOException("interrupted"));
        }
        try {
            if (records.whole(image.digest()).isEmpty()) {
                var parsed = ImageReference.parse(image.reference());
                var source = new RegistrySource(parsed, registries, credentials);
                var manifest = resolved.get(image.digest());
                make(
                        source,
                        manifest == null
                                ? ImageManifest.read(source, image.digest(), image.reference())
                                : manifest,
                        image.reference(),
                        progress);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public List<String> load(Path tar) {
        var loaded = new ArrayList<String>();
        Path spool = null;
        try {
            Files.createDirectories(directory);
            spool = Files.createTempDirectory(directory, "load-");
            var source = new ArchiveSource(tar, spool);
            for (var entry : source.references().entrySet()) {
                var parsed = ImageReference.parse(entry.getKey());
                var name = parsed.toString();
                var manifest = ImageManifest.read(source, entry.getValue(), name);
                if (records.whole(manifest.digest()).isEmpty()) {
                    make(source, manifest, name, progress -> {});
                }
                records.remember(
                        name,
                        new Known(manifest.digest(), parsed.name() + "@" + manifest.topDigest()));
                loaded.add(name);
            }
            return loaded;
        } catch (IOException e) {
            throw failed(tar.toString(), e);
        } finally {
            remove(spool);
        }
    }

    private ResolvedImage image(String reference, String imageId, ImageManifest manifest) {
        return new ResolvedImage(
                reference,
                imageId,
                manifest.digest(),
                records.disk(manifest.digest()),
                records.whole(manifest.digest()).isPresent(),
                manifest.config());
    }

    private void make(
            BlobSource source,
            ImageManifest manifest,
            String name,
            Consumer<PullProgress> progress) {
        Path spool = null;
        try {
            Files.createDirectories(directory);
            spool = Files.createTempDirectory(directory, "pull-");
            var layers = new ArrayList<Path>();
            var total = manifest.layers().stream().mapToLong(ImageManifest.Blob::size).sum();
            var meter = new Meter(total, progress);
            for (var layer : manifest.layers()) {
                var file = spool.resolve("layer" + layers.size());
                downloadPersistently(source, layer, file, meter);
                layers.add(file);
            }
            new SquashfsDisk(records.disk(manifest.digest()))
                    .fill(new MergedImage(layers, manifest.diffIds()));
            records.markWhole(manifest);
        } catch (IOException | IllegalArgumentException e) {
            throw failed(name, e);
        } finally {
            remove(spool);
        }
    }

    /// A connection that breaks midway, or content that came damaged, is tried again from the
    /// start.
    private static void downloadPersistently(
            BlobSource source, ImageManifest.Blob layer, Path file, Meter meter)
            throws IOException {
        var before = meter.done;
        for (var attempt = 1; ; attempt++) {
            try {
                download(source, layer, file, meter);
                return;
            } catch (IOException e) {
                if (attempt == ATTEMPTS || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                meter.done = before;
            }
        }
    }

    private static void download(
            BlobSource source, ImageManifest.Blob layer, Path file, Meter meter)
            throws IOException {
        var digest = ImageManifest.sha256();
        try (var in = new DigestInputStream(source.blob(layer.digest()), digest);
                var out = Files.newOutputStream(file)) {
            var buffer = new byte[1 << 16];
            var size = 0L;
            for (var n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                if (Thread.interrupted()) {
                    Thread.currentThread().interrupt();
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
        }
        var found = "sha256:" + HexFormat.of().formatHex(digest.digest());
        if (!found.equals(layer.digest())) {
            throw new IOException("layer %s came as %s".formatted(layer.digest(), found));
        }
    }

    /// Tells the progress at most once a second, and at the end.
    private static final class Meter {
        private final long total;
        private final Consumer<PullProgress> progress;
        private long done;
        private long told = System.nanoTime();

        Meter(long total, Consumer<PullProgress> progress) {
            this.total = total;
            this.progress = progress;
        }

        void add(long bytes) {
            done += bytes;
            if (done == total || System.nanoTime() - told > PROGRESS_NANOS) {
                told = System.nanoTime();
                progress.accept(new PullProgress(done, total));
            }
        }
    }

    private static ImageException failed(String name, Exception e) {
        return new ImageException(
                ImageException.Reason.PULL_FAILED,
                "failed to pull image \"%s\": %s".formatted(name, e.getMessage()),
                e);
    }

    private static void remove(@Nullable Path spool) {
        if (spool == null) {
            return;
        }
        try (var paths = Files.walk(spool)) {
            for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("can't remove " + spool, e);
        }
    }
}
