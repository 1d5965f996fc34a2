package dev.monopod.host.file;

import dev.monopod.host.json.OwnJson;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A small file that Monopod keeps for itself. A reader finds the content of before or of after a
/// change, never half of one, even if the host loses its power. What can't be understood is set
/// aside, so that it neither stops anybody nor is lost. One writer at a time.
public final class OwnFile {
    private static final Logger LOG = LoggerFactory.getLogger(OwnFile.class);
    private static final DateTimeFormatter TIMESTAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private static final int MOST_ASIDE = 5;

    private final Path path;
    private final Clock clock;
    private final FileWriter writer;

    public OwnFile(Path path, Clock clock, FileWriter writer) {
        this.path = path;
        this.clock = clock;
        this.writer = writer;
    }

    /// The file could not be replaced.
    public static final class Unwritable extends IOException {
        private static final long serialVersionUID = 1;

        private final String reason;

        Unwritable(String message, String reason, IOException cause) {
            super(message, cause);
            this.reason = reason;
        }

        /// Why, without a path: for those who know nothing of the host's files.
        public String reason() {
            return reason;
        }
    }

    /// The file is there, and what it says is not known. It stays as it is.
    public static final class Unreadable extends IOException {
        private static final long serialVersionUID = 1;

        private final String reason;

        Unreadable(Path path, String reason, IOException cause) {
            super("cannot read %s: %s".formatted(path, reason), cause);
            this.reason = reason;
        }

        /// Why, without a path: for those who know nothing of the host's files.
        public String reason() {
            return reason;
        }
    }

    /// Makes sense of a file's bytes.
    @FunctionalInterface
    public interface Parser<T> {
        /// @throws OwnJson.TooNew if only a later version knows what they mean
        /// @throws IOException if the bytes are damaged
        T parse(byte[] content) throws IOException;
    }

    /// What a look at the file found.
    public sealed interface Found<T> {
        record Whole<T>(T value) implements Found<T> {}

        record Absent<T>() implements Found<T> {}

        /// It was damaged, and is gone from its place; one warning has been logged.
        record Damaged<T>() implements Found<T> {}
    }

    /// @throws Unreadable if the file is there and can't be read, or if it is a later version's;
    ///   what is in it may be whole
    public <T> Found<T> read(Parser<T> parser) throws Unreadable {
        byte[] content;
        try {
            content = Files.readAllBytes(path);
        } catch (NoSuchFileException absent) {
            return new Found.Absent<>();
        } catch (IOException e) {
            throw new Unreadable(path, reason(e), e);
        }
        try {
            return new Found.Whole<>(
                    Objects.requireNonNull(parser.parse(content), "nothing is in it"));
        } catch (OwnJson.TooNew later) {
            throw new Unreadable(path, reason(later), later);
        } catch (IOException | RuntimeException damage) {
            setAside(content.length, damage);
            return new Found.Damaged<>();
        }
    }

    /// Replaces the content. If that fails, the content of before stays, and nothing else does.
    ///
    /// @throws Unwritable that names the file and why, such as a full disk
    public void replace(byte[] content) throws Unwritable {
        var fresh = path.resolveSibling(path.getFileName() + ".new");
        try {
            Files.createDirectories(path.toAbsolutePath().getParent());
            writer.write(fresh, content);
            Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            remove(fresh);
            throw new Unwritable("cannot write %s: %s".formatted(path, reason(e)), reason(e), e);
        }
    }

    private void setAside(int bytes, Exception damage) {
        var aside =
                path.resolveSibling(
                        path.getFileName() + ".damaged-" + TIMESTAMP.format(clock.instant()));
        try {
            Files.move(path, aside, StandardCopyOption.REPLACE_EXISTING);
            LOG.warn(
                    "{} is damaged ({} bytes: {}); set aside as {}",
                    path,
                    bytes,
                    firstLine(damage),
                    aside.getFileName());
            removeOldest();
        } catch (NoSuchFileException another) {
            LOG.debug("{} was set aside by another process", path);
        } catch (IOException e) {
            LOG.warn(
                    "{} is damaged ({}) and cannot be set aside: {}",
                    path,
                    firstLine(damage),
                    reason(e));
        }
    }

    /// Whatever damages the file may do so again and again.
    private void removeOldest() throws IOException {
        var prefix = path.getFileName() + ".damaged-";
        List<Path> aside;
        try (var siblings = Files.list(path.toAbsolutePath().getParent())) {
            aside =
                    siblings.filter(file -> file.getFileName().toString().startsWith(prefix))
                            .sorted(Comparator.reverseOrder())
                            .toList();
        }
        aside.stream().skip(MOST_ASIDE).forEach(OwnFile::remove);
    }

    private static void remove(Path half) {
        try {
            Files.deleteIfExists(half);
        } catch (IOException e) {
            LOG.warn("cannot remove {}: {}", half, reason(e));
        }
    }

    /// Without the file's name, which the file system's exceptions put first.
    private static String reason(IOException e) {
        return e instanceof FileSystemException system && system.getReason() != null
                ? system.getReason()
                : String.valueOf(e.getMessage());
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
