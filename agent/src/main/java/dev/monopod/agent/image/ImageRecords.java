package dev.monopod.agent.image;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// What this host knows of images, on disk: which digest a reference means, and what each digest
/// is. Read afresh each time, since another process may load an image; every file is replaced as a
/// whole.
final class ImageRecords {
    private static final ObjectMapper JSON = new ObjectMapper().registerModule(new Jdk8Module());

    private final Path directory;
    private final ReentrantLock writing = new ReentrantLock();

    ImageRecords(Path directory) {
        this.directory = directory;
    }

    /// What a reference meant when it was last resolved.
    record Known(String digest, String imageId) {}

    /// An image whose disk is whole.
    @JsonIgnoreProperties(ignoreUnknown = true)
    record Whole(ImageManifest manifest) {}

    Optional<Known> known(String reference) {
        return Optional.ofNullable(table().get(reference));
    }

    void remember(String reference, Known known) throws IOException {
        Files.createDirectories(directory);
        // One writer at a time: over processes by the file's lock, which refuses a second thread of
        // the same process instead of making it wait.
        writing.lock();
        try (var lock =
                        FileChannel.open(
                                directory.resolve("lock"),
                                StandardOpenOption.CREATE,
                                StandardOpenOption.WRITE);
                var held = lock.lock()) {
            var table = table();
            if (!known.equals(table.put(reference, known)) && held.isValid()) {
                replace(directory.resolve("references.json"), JSON.writeValueAsBytes(table));
            }
        } finally {
            writing.unlock();
        }
    }

    Optional<ImageManifest> whole(String digest) {
        var file = record(digest);
        try {
            return Files.exists(file) && Files.size(disk(digest)) == ImageStore.DISK_BYTES
                    ? Optional.of(JSON.readValue(Files.readAllBytes(file), Whole.class).manifest())
                    : Optional.empty();
        } catch (IOException e) {
            // Damaged or without its disk: pulled again.
            return Optional.empty();
        }
    }

    void markWhole(ImageManifest manifest) throws IOException {
        replace(record(manifest.digest()), JSON.writeValueAsBytes(new Whole(manifest)));
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

    private Map<String, Known> table() {
        var file = directory.resolve("references.json");
        if (!Files.exists(file)) {
            return new HashMap<>();
        }
        try {
            var type =
                    JSON.getTypeFactory()
                            .constructMapType(HashMap.class, String.class, Known.class);
            return JSON.readValue(Files.readAllBytes(file), type);
        } catch (IOException e) {
            throw new UncheckedIOException("can't read " + file, e);
        }
    }

    private static void replace(Path file, byte[] content) throws IOException {
        var fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.write(fresh, content);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
