package dev.monopod.host.image;

import dev.monopod.host.file.FileWriter;
import dev.monopod.host.image.ImageRecords.Known;
import dev.monopod.host.image.ImageRecords.Stored;
import dev.monopod.host.image.Resolutions.Resolution;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.time.SteadyClock;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// [ImageStore] that keeps one squashfs file per image digest (ADR 0002). Layers are spooled,
/// verified, then merged and packed in a jail; none is ever unpacked on the host.
public final class OciImageStore implements ImageStore {
    private static final Logger LOG = LoggerFactory.getLogger(OciImageStore.class);

    private final Path directory;
    private final Settings settings;
    private final CredentialPlugins plugins;
    private final ImageRecords records;
    private final Room room;
    private final Resolutions resolutions;
    private final KeyedLocks fetching = new KeyedLocks();
    private final Turns turns = new Turns();
    private final ImageJail jail;

    /// Settings that are read afresh for each pull, so that a mistake in them fails a pull with its
    /// reason, and its correction needs no restart.
    @FunctionalInterface
    public interface Settings {
        RegistryConfiguration registries() throws IOException;

        /// Ranges of VPCs and Services, where no registry is expected.
        default List<Cidr> ownRanges() {
            return List.of();
        }
    }

    /// @param programs folder that holds `monopod-jail` and `monopod-layers`
    public OciImageStore(Path directory, Path programs, RegistryConfiguration registries) {
        this(directory, programs, () -> registries, CredentialPluginSettings.none());
    }

    public OciImageStore(
            Path directory, Path programs, Settings settings, CredentialPluginSettings plugins) {
        this(directory, new ImageJail(directory, programs), settings, plugins, new Room(directory));
    }

    OciImageStore(
            Path directory,
            ImageJail jail,
            Settings settings,
            CredentialPluginSettings plugins,
            Room room) {
        this.directory = directory;
        this.jail = jail;
        this.settings = settings;
        this.plugins = new CredentialPlugins(plugins, SteadyClock.ofProcess());
        this.records = new ImageRecords(directory, Clock.systemUTC(), FileWriter.real());
        this.resolutions = new Resolutions(records);
        this.room = room;
    }

    /// Loads in the background what pulls need, so that the first need not wait for it.
    public static void prepare() {
        Thread.ofPlatform().daemon().name("image-sums").start(Sha256::prepare);
    }

    /// Removes what killed processes left half done. To be called before anything is pulled.
    public void removeAbandoned() {
        try {
            Files.createDirectories(directory);
            jail.removeAbandoned();
            Spool.removeAbandoned(directory);
        } catch (IOException e) {
            LOG.warn("cannot tidy up {}: {}", directory, e.toString());
        }
    }

    @Override
    public ResolvedImage resolve(String reference, PullPolicy policy, PullIdentity identity) {
        var parsed = ImageReference.parse(reference);
        var name = parsed.toString();
        if (policy != PullPolicy.ALWAYS) {
            var known = known(name);
            if (known.isPresent() && mayUse(known.get(), parsed, identity)) {
                var whole = records.whole(known.get().digest());
                if (whole.isPresent()) {
                    return image(reference, known.get().imageId(), whole.get());
                }
            }
        }
        if (policy == PullPolicy.NEVER) {
            throw new ImageException(
                    ImageException.Reason.NEVER_PULL,
                    "Container image \"%s\" is not present with pull policy of Never"
                            .formatted(reference));
        }
        var pull = pull(parsed, identity);
        try {
            var manifest =
                    turns.resolve(
                            () -> ImageManifest.read(pull.source(), parsed.tagOrDigest(), name));
            var known =
                    pull.known(
                            manifest.digest(),
                            parsed.name() + "@" + manifest.topDigest(),
                            identity);
            var key = key(parsed, manifest.digest(), identity);
            var resolution = resolutions.answered(key, manifest, known);
            new SquashfsDisk(records.disk(manifest.digest())).reserve();
            var image = image(reference, known.imageId(), manifest);
            if (image.present()) {
                resolutions.whole(key, resolution);
            }
            return image;
        } catch (IOException e) {
            throw failed(name, e);
        } catch (ImageException e) {
            throw pull.explained(e);
        }
    }

    private Optional<Known> known(String name) {
        try {
            return records.known(name);
        } catch (IOException e) {
            throw failed(name, e);
        }
    }

    private static boolean mayUse(Known known, ImageReference image, PullIdentity identity) {
        return known.open() || known.heldBy(PullHolder.all(identity, image));
    }

    @Override
    public boolean present(ResolvedImage image) {
        return records.whole(image.digest()).isPresent();
    }

    private static Resolutions.Key key(
            ImageReference reference, String digest, PullIdentity identity) {
        return new Resolutions.Key(
                reference.toString(), digest, PullHolder.all(identity, reference));
    }

    @Override
    public long fetch(ResolvedImage image, PullIdentity identity, Consumer<PullProgress> progress) {
        var key = key(ImageReference.parse(image.reference()), image.digest(), identity);
        try (var _ = fetching.lock(image.digest())) {
            var whole = records.whole(image.digest());
            if (whole.isPresent()) {
                var answer = resolutions.answer(key);
                if (answer.isPresent()) {
                    resolutions.whole(key, answer.get());
                }
                return whole.get().size();
            }
            var resolution = turns.fetch(() -> fetchNow(key, image, identity, progress));
            resolutions.whole(key, resolution);
            return resolution.manifest().size();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed(image.reference(), new IOException("interrupted"));
        } catch (IOException e) {
            throw failed(image.reference(), e);
        }
    }

    private Resolution fetchNow(
            Resolutions.Key key,
            ResolvedImage image,
            PullIdentity identity,
            Consumer<PullProgress> progress)
            throws IOException {
        var pull = pull(ImageReference.parse(image.reference()), identity);
        try {
            var answer = resolutions.answer(key);
            var resolution =
                    answer.isPresent()
                            ? answer.get()
                            : turns.resolve(() -> askAgain(pull, image, identity));
            make(pull.source(), resolution.manifest(), progress);
            return resolution;
        } catch (ImageException e) {
            throw pull.explained(e);
        }
    }

    /// For an image that an earlier process has resolved.
    private static Resolution askAgain(Pull pull, ResolvedImage image, PullIdentity identity) {
        var manifest = ImageManifest.read(pull.source(), image.digest(), image.reference());
        return new Resolution(manifest, pull.known(image.digest(), image.imageId(), identity), 0);
    }

    /// @param fromPlugins credentials that plugins gave
    /// @param troubles of plugins
    private record Pull(
            RegistrySource source, List<RegistryCredential> fromPlugins, List<String> troubles) {
        /// What a reference means, held as the registry let us in for the manifest.
        Known known(String digest, String imageId, PullIdentity identity) {
            return new Known(
                    digest, imageId, PullHolder.of(source.credential(), identity, fromPlugins));
        }

        ImageException explained(ImageException e) {
            return troubles.isEmpty()
                    ? e
                    : new ImageException(
                            e.reason(),
                            e.getMessage() + " (" + String.join("; ", troubles) + ")",
                            e);
        }
    }

    private Pull pull(ImageReference reference, PullIdentity identity) {
        try {
            var found = plugins.credentials(reference, identity::executionRole);
            var all = new ArrayList<>(identity.secrets());
            all.addAll(found.credentials());
            var registries = settings.registries();
            var http =
                    new RegistryHttp(
                            new RegistryAddresses(
                                    InetAddress::getAllByName,
                                    settings::ownRanges,
                                    registries.named()),
                            registries::proxy,
                            RegistryHttp.Patience.USUAL);
            return new Pull(
                    new RegistrySource(reference, registries, all, http),
                    found.credentials(),
                    found.troubles());
        } catch (IOException e) {
            throw failed(reference.toString(), e);
        }
    }

    @Override
    public List<String> load(Path tar) {
        try (var spool = Spool.in(directory)) {
            var source = new ArchiveSource(tar, spool.folder());
            var manifests = new LinkedHashMap<String, ImageManifest>();
            var references = new TreeMap<String, Known>();
            for (var entry : source.references().entrySet()) {
                var parsed = ImageReference.parse(entry.getKey());
                var name = parsed.toString();
                var manifest = ImageManifest.read(source, entry.getValue(), name);
                manifests.put(name, manifest);
                references.put(
                        name,
                        new Known(manifest.digest(), parsed.name() + "@" + manifest.topDigest()));
            }
            makeAll(source, manifests);
            records.remember(references);
            for (var known : references.values()) {
                records.used(known.digest());
            }
            return List.copyOf(references.keySet());
        } catch (IOException e) {
            throw new ImageException(ImageException.Reason.PULL_FAILED, reason(e), e);
        }
    }

    /// All of them, or none but those that were here.
    ///
    /// @param manifests by references
    private void makeAll(BlobSource source, Map<String, ImageManifest> manifests)
            throws IOException {
        var made = new ArrayList<String>();
        var whole = false;
        try {
            for (var entry : manifests.entrySet()) {
                var manifest = entry.getValue();
                if (records.whole(manifest.digest()).isEmpty()) {
                    load(source, entry.getKey(), manifest);
                    made.add(manifest.digest());
                }
            }
            whole = true;
        } finally {
            for (var digest : whole ? List.<String>of() : made) {
                if (OpenFiles.among(List.of(disk(digest))).isEmpty()) {
                    remove(digest);
                }
            }
        }
    }

    private void load(BlobSource source, String name, ImageManifest manifest) {
        try {
            make(source, manifest, _ -> {});
        } catch (IOException e) {
            throw new ImageException(
                    ImageException.Reason.PULL_FAILED,
                    "failed to load image \"%s\": %s".formatted(name, reason(e)),
                    e);
        }
    }

    /// Every image that has a disk here.
    public List<Stored> all() throws IOException {
        return records.all();
    }

    /// Removes an image's disk, unless it is being filled by this process. Machines that have the
    /// disk open keep it.
    boolean remove(String digest) throws IOException {
        return fetching.ifFree(digest, () -> records.remove(digest));
    }

    /// Notes that machines hold these disks.
    void used(Set<String> digests) throws IOException {
        for (var digest : digests) {
            records.used(digest);
        }
    }

    Path directory() {
        return directory;
    }

    Path disk(String digest) {
        return records.disk(digest);
    }

    private ResolvedImage image(String reference, String imageId, ImageManifest manifest) {
        try {
            records.used(manifest.digest());
        } catch (IOException e) {
            LOG.debug("failed to record the use of {}", manifest.digest(), e);
        }
        return new ResolvedImage(
                reference,
                imageId,
                manifest.digest(),
                records.disk(manifest.digest()),
                records.whole(manifest.digest()).isPresent(),
                manifest.config());
    }

    private void make(BlobSource source, ImageManifest manifest, Consumer<PullProgress> progress)
            throws IOException {
        try (var spool = Spool.in(directory)) {
            // The layers, and a disk that is hardly smaller.
            room.require(2 * manifest.size());
            var folder = Files.createDirectory(spool.folder().resolve("layers"));
            var layers =
                    new LayerDownloads(source, folder, room, manifest.size(), progress)
                            .all(manifest.layers());
            var disk = new SquashfsDisk(records.disk(manifest.digest()));
            var content =
                    turns.pack(() ->
                            jail.pack(
                                    folder,
                                    layers,
                                    manifest.diffIds(),
                                    Math.min(room.left(), ImageStore.DISK_BYTES),
                                    packed -> disk.fill(packed, room)));
            records.markWhole(manifest, content);
        }
    }

    /// What failed, with the file that it failed for.
    private static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> missing.getFile() + ": there is no such file";
            case FileSystemException file -> "%s: %s".formatted(file.getFile(), file.getReason());
            case EOFException _ -> "it ends too early";
            default -> String.valueOf(e.getMessage());
        };
    }

    private static ImageException failed(String name, IOException e) {
        return new ImageException(
                ImageException.Reason.PULL_FAILED,
                "failed to pull image \"%s\": %s".formatted(name, reason(e)),
                e);
    }
}
