package dev.monopod.host.image;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import dev.monopod.host.file.FileWriter;
import dev.monopod.host.file.OwnFile;
import dev.monopod.host.file.OwnFile.Found;
import dev.monopod.host.image.SquashfsDisk.Content;
import dev.monopod.host.json.OwnJson;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What this host knows of images, on disk: which digest a reference means, and what each digest
/// is. Read afresh each time, since another process may load an image; every file is replaced as a
/// whole. Each image's record also holds the references that mean it, so a damaged table of
/// references is set aside and made again from the records; a damaged record means that the image
/// is pulled again.
final class ImageRecords {
    private static final Logger LOG = LoggerFactory.getLogger(ImageRecords.class);

    /// The table is written as a whole for each new reference.
    static final int MOST_REFERENCES = 4096;

    private static final int MOST_HOLDERS = 256;

    private final Path directory;
    private final Clock clock;
    private final FileWriter writer;
    private final ReentrantLock writing = new ReentrantLock();
    private final ReentrantLock verifying = new ReentrantLock();
    private final Set<String> verified = ConcurrentHashMap.newKeySet();

    ImageRecords(Path directory, Clock clock, FileWriter writer) {
        this.directory = directory;
        this.clock = clock;
        this.writer = writer;
    }

    /// What a reference meant when it was last resolved.
    ///
    /// @param holders by whose credentials it was pulled; nobody's: anyone may use it
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Known(String digest, String imageId, @Nullable Set<String> holders) {
        Known {
            Objects.requireNonNull(digest, "digest");
            Objects.requireNonNull(imageId, "imageId");
        }

        Known(String digest, String imageId) {
            this(digest, imageId, Set.of());
        }

        boolean open() {
            return holders == null || holders.isEmpty();
        }

        boolean heldBy(Set<String> some) {
            return open() || some.stream().anyMatch(Objects.requireNonNull(holders)::contains);
        }

        /// Who may use the one, may use the other: it is the same.
        Known with(Known earlier) {
            if (!earlier.digest.equals(digest) || open()) {
                return this;
            }
            if (earlier.open()) {
                return earlier;
            }
            var all = new TreeSet<>(Objects.requireNonNull(holders));
            // Who is left out pulls again with credentials, which is what it is about.
            Objects.requireNonNull(earlier.holders).stream()
                    .limit(Math.max(0, MOST_HOLDERS - all.size()))
                    .forEach(all::add);
            return new Known(digest, imageId, all);
        }
    }

    /// An image whose disk is whole.
    ///
    /// @param content absent in records of earlier versions
    /// @param references that mean it; absent in records of earlier versions
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Whole(
            ImageManifest manifest,
            @Nullable Content content,
            @Nullable Map<String, Known> references) {
        Whole {
            Objects.requireNonNull(manifest, "manifest");
        }
    }

    /// An image that is here, whole or on its way.
    ///
    /// @param references that mean it
    /// @param bytes of its disk; 0 when it is not whole
    record Stored(
            String digest, List<String> references, long bytes, boolean whole, Instant lastUsed) {}

    /// @throws IOException when the table is there and can't be read
    Optional<Known> known(String reference) throws IOException {
        return Optional.ofNullable(table().get(reference));
    }

    void remember(String reference, Known known) throws IOException {
        remember(Map.of(reference, known));
    }

    /// All of them or, if the table cannot be written, none.
    void remember(Map<String, Known> references) throws IOException {
        exclusively(() -> {
            var table = table();
            var changed = new TreeSet<String>();
            references.forEach((reference, known) -> {
                var earlier = table.get(reference);
                var merged = earlier == null ? known : known.with(earlier);
                if (!merged.equals(table.put(reference, merged))) {
                    changed.add(merged.digest());
                    if (earlier != null) {
                        changed.add(earlier.digest());
                    }
                }
            });
            if (changed.isEmpty() && Files.exists(references())) {
                return;
            }
            prune(table, references.keySet());
            file(references()).replace(OwnJson.write(table));
            for (var digest : changed) {
                note(digest, table);
            }
        });
    }

    /// Forgets references when there are too many: first those whose image is not here.
    private void prune(Map<String, Known> table, Set<String> fresh) {
        if (table.size() <= MOST_REFERENCES) {
            return;
        }
        table.entrySet()
                .removeIf(entry ->
                        !fresh.contains(entry.getKey())
                                && !Files.exists(record(entry.getValue().digest())));
        var left = table.keySet().iterator();
        while (table.size() > MOST_REFERENCES && left.hasNext()) {
            if (!fresh.contains(left.next())) {
                left.remove();
            }
        }
    }

    private interface Change {
        void make() throws IOException;
    }

    /// One writer at a time: over processes by the file's lock, which refuses a second thread of
    /// the same process instead of making it wait.
    private void exclusively(Change change) throws IOException {
        Files.createDirectories(directory);
        writing.lock();
        try (var lock =
                        FileChannel.open(
                                directory.resolve("lock"),
                                StandardOpenOption.CREATE,
                                StandardOpenOption.WRITE);
                var held = lock.lock()) {
            if (held.isValid()) {
                change.make();
            }
        } finally {
            writing.unlock();
        }
    }

    /// Keeps the references of an image in its record too.
    private void note(String digest, Map<String, Known> table) throws IOException {
        var whole = read(digest);
        if (whole.isPresent()) {
            write(whole.get().manifest(), whole.get().content(), table);
        }
    }

    private void write(ImageManifest manifest, @Nullable Content content, Map<String, Known> table)
            throws IOException {
        var references = new TreeMap<String, Known>();
        table.forEach((reference, known) -> {
            if (known.digest().equals(manifest.digest())) {
                references.put(reference, known);
            }
        });
        file(record(manifest.digest()))
                .replace(OwnJson.write(new Whole(manifest, content, references)));
    }

    /// The image, if its disk is whole. Each disk is read through once in this process's life: one
    /// that is damaged is forgotten, so that it is pulled again, into another file: machines may
    /// have this one open.
    Optional<ImageManifest> whole(String digest) {
        var found = read(digest);
        var content = found.map(Whole::content);
        if (content.isPresent() && !verified.contains(digest)) {
            verifying.lock();
            try {
                found = read(digest);
                if (found.isPresent() && !new SquashfsDisk(disk(digest)).holds(content.get())) {
                    LOG.warn("image {}: {} is damaged; it is pulled again", digest, disk(digest));
                    remove(digest);
                    return Optional.empty();
                }
                verified.add(digest);
            } catch (IOException e) {
                LOG.warn("image {}: cannot read {}: {}", digest, disk(digest), e.toString());
                return Optional.empty();
            } finally {
                verifying.unlock();
            }
        }
        return found.map(Whole::manifest);
    }

    private Optional<Whole> read(String digest) {
        var record = record(digest);
        try {
            if (!Files.exists(record) || Files.size(disk(digest)) != ImageStore.DISK_BYTES) {
                return Optional.empty();
            }
            return switch (file(record)
                    .read(bytes -> OwnJson.read(bytes, Whole.class, OwnJson.FIRST_FORMAT))) {
                case Found.Whole<Whole>(var whole) -> Optional.of(whole);
                case Found.Absent<Whole>(), Found.Damaged<Whole>() -> Optional.empty();
            };
        } catch (IOException e) {
            LOG.debug("image {} is pulled again: {}", digest, e.toString());
            return Optional.empty();
        }
    }

    void markWhole(ImageManifest manifest, Content content) throws IOException {
        exclusively(() -> write(manifest, content, table()));
        verified.add(manifest.digest());
    }

    /// Notes that a pod wants the image.
    void used(String digest) throws IOException {
        var now = FileTime.from(clock.instant());
        for (var file : List.of(record(digest), disk(digest))) {
            if (Files.exists(file)) {
                Files.setLastModifiedTime(file, now);
            }
        }
    }

    /// Every image that has a disk here.
    List<Stored> all() throws IOException {
        var directory = this.directory.resolve("disks");
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        var table = table();
        var all = new ArrayList<Stored>();
        try (var files = Files.newDirectoryStream(directory, "*.squashfs")) {
            for (var file : files) {
                var name = file.getFileName().toString();
                var digest = "sha256:" + name.substring(0, name.length() - ".squashfs".length());
                var references = new TreeSet<String>();
                table.forEach((reference, known) -> {
                    if (known.digest().equals(digest)) {
                        references.add(reference);
                    }
                });
                var whole = read(digest);
                var touched = whole.isPresent() ? record(digest) : file;
                all.add(
                        new Stored(
                                digest,
                                List.copyOf(references),
                                whole.map(Whole::content).map(Content::bytes).orElse(0L),
                                whole.isPresent(),
                                Files.getLastModifiedTime(touched).toInstant()));
            }
        }
        return all;
    }

    /// Forgets an image's disk: first that it is whole, then the disk itself. What references mean
    /// stays known.
    void remove(String digest) throws IOException {
        verified.remove(digest);
        Files.deleteIfExists(record(digest));
        Files.deleteIfExists(disk(digest));
    }

    Path disk(String digest) {
        return directory.resolve("disks").resolve(hex(digest) + ".squashfs");
    }

    private Path record(String digest) {
        return directory.resolve("disks").resolve(hex(digest) + ".json");
    }

    private static String hex(String digest) {
        return digest.substring(digest.indexOf(':') + 1);
    }

    private Path references() {
        return directory.resolve("references.json");
    }

    private Map<String, Known> table() throws IOException {
        return switch (file(references()).read(ImageRecords::table)) {
            case Found.Whole<Map<String, Known>>(var table) -> table;
            case Found.Absent<Map<String, Known>>() -> fromRecords();
            case Found.Damaged<Map<String, Known>>() -> {
                var table = fromRecords();
                LOG.warn(
                        "made {} again from the records of images: {} references",
                        references(),
                        table.size());
                yield table;
            }
        };
    }

    private Map<String, Known> fromRecords() throws IOException {
        var table = new HashMap<String, Known>();
        var disks = directory.resolve("disks");
        if (Files.isDirectory(disks)) {
            try (var files = Files.newDirectoryStream(disks, "*.json")) {
                for (var record : files) {
                    var name = record.getFileName().toString();
                    read("sha256:" + name.substring(0, name.length() - ".json".length()))
                            .map(Whole::references)
                            .ifPresent(table::putAll);
                }
            }
        }
        return table;
    }

    private static Map<String, Known> table(byte[] bytes) throws IOException {
        Map<String, Known> table =
                OwnJson.read(bytes, OwnJson.mapOf(Known.class), OwnJson.FIRST_FORMAT);
        for (var entry : table.entrySet()) {
            Objects.requireNonNull(entry.getValue(), entry.getKey());
        }
        return table;
    }

    private OwnFile file(Path path) {
        return new OwnFile(path, clock, writer);
    }
}
