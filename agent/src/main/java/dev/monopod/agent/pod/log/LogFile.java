package dev.monopod.agent.pod.log;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Pattern;

/// One attempt's log on the host: `ATTEMPT.log`, and up to four full ones before it, each named
/// `ATTEMPT.log.OFFSET` by where in the guest's stream it begins. With that, and `ATTEMPT.base` for
/// the current one, the offset of what comes next survives a kill of the agent at any moment.
public final class LogFile implements AutoCloseable {
    /// As the kubelet's containerLogMaxSize and containerLogMaxFiles.
    static final long ROTATE_BYTES = 10L << 20;

    static final int FILES = 5;

    /// The guest ends its lines; one that does not is no reason to fill the host's disk.
    private static final long LONGEST_LINE_BYTES = ROTATE_BYTES;

    private static final long HIGHEST_OFFSET = 1L << 60;

    private static final Pattern ATTEMPT = Pattern.compile("([0-9]+)\\.(?:log(?:\\.[0-9]+)?|base)");

    private final Path directory;
    private final int attempt;
    private OutputStream out;
    private long base;
    private long size;

    private LogFile(Path directory, int attempt, long base, long size) throws IOException {
        this.directory = directory;
        this.attempt = attempt;
        this.base = base;
        this.size = size;
        this.out = output(current(directory, attempt));
    }

    public static Path directory(Path podDirectory, String container) {
        return podDirectory.resolve("logs").resolve(container);
    }

    public static Path current(Path directory, int attempt) {
        return directory.resolve(attempt + ".log");
    }

    static Path rotated(Path directory, int attempt, long offset) {
        return directory.resolve("%d.log.%020d".formatted(attempt, offset));
    }

    /// The full files, oldest first.
    static List<Path> rotated(Path directory, int attempt) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        var prefix = attempt + ".log.";
        try (var files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().startsWith(prefix))
                    .sorted()
                    .toList();
        }
    }

    /// Goes on with the log where it ends. Logs of attempts before the previous one go.
    static LogFile open(Path directory, int attempt) throws IOException {
        Files.createDirectories(directory);
        removeBefore(directory, attempt - 1);
        var current = current(directory, attempt);
        if (Files.exists(current)) {
            var note = directory.resolve(attempt + ".base");
            var base = Files.exists(note) ? Long.parseLong(Files.readString(note).strip()) : 0;
            return new LogFile(directory, attempt, base, Files.size(current));
        }
        var file = new LogFile(directory, attempt, endOfRotated(directory, attempt), 0);
        file.note();
        return file;
    }

    private static long endOfRotated(Path directory, int attempt) throws IOException {
        var rotated = rotated(directory, attempt);
        if (rotated.isEmpty()) {
            return 0;
        }
        var name = rotated.getLast().getFileName().toString();
        return Long.parseLong(name.substring(name.lastIndexOf('.') + 1))
                + Files.size(rotated.getLast());
    }

    private static void removeBefore(Path directory, int first) throws IOException {
        try (var files = Files.list(directory)) {
            for (var file : files.toList()) {
                var name = ATTEMPT.matcher(file.getFileName().toString());
                if (name.matches() && Long.parseLong(name.group(1)) < first) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    /// Offset in the guest's stream of what comes next.
    long offset() {
        return base + size;
    }

    /// Adds a chunk; what is here already is skipped.
    ///
    /// @throws IOException for an offset that no log ever has: sums with it would not fit
    void append(long at, ByteString data) throws IOException {
        if (at < 0 || at > HIGHEST_OFFSET) {
            throw new IOException(
                    "the guest sent a piece of a log at offset %s, and the highest is %d"
                            .formatted(Long.toUnsignedString(at), HIGHEST_OFFSET));
        }
        var known = offset() - at;
        if (known >= data.size()) {
            return;
        }
        if (known < 0) {
            base -= known;
            note();
        }
        var fresh = known > 0 ? data.substring((int) known) : data;
        var end = size + fresh.size() < ROTATE_BYTES ? -1 : lastLineEnd(fresh);
        if (end < 0 && size > ROTATE_BYTES + LONGEST_LINE_BYTES) {
            end = fresh.size() - 1;
        }
        if (end < 0) {
            write(fresh);
            return;
        }
        write(fresh.substring(0, end + 1));
        rotate();
        write(fresh.substring(end + 1));
    }

    private static int lastLineEnd(ByteString data) {
        for (var i = data.size() - 1; i >= 0; i--) {
            if (data.byteAt(i) == '\n') {
                return i;
            }
        }
        return -1;
    }

    private void write(ByteString data) throws IOException {
        data.writeTo(out);
        out.flush();
        size += data.size();
    }

    private void rotate() throws IOException {
        out.close();
        Files.move(
                current(directory, attempt),
                rotated(directory, attempt, base),
                StandardCopyOption.ATOMIC_MOVE);
        base += size;
        size = 0;
        note();
        out = output(current(directory, attempt));
        var rotated = rotated(directory, attempt);
        for (var old : rotated.subList(0, Math.max(0, rotated.size() - (FILES - 1)))) {
            Files.deleteIfExists(old);
        }
    }

    private void note() throws IOException {
        Files.writeString(directory.resolve(attempt + ".base"), Long.toString(base));
    }

    private static OutputStream output(Path file) throws IOException {
        return Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
