package dev.monopod.agent.pod;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// One attempt's log on the host: `ATTEMPT.log`, and `ATTEMPT.log.1` before it. The offset in the
/// guest's stream survives a restart of the agent: `ATTEMPT.base` holds the offset of the current
/// file's first byte.
final class LogFile implements AutoCloseable {
    private static final long ROTATE_BYTES = 10L << 20;

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

    static Path directory(Path podDirectory, String container) {
        return podDirectory.resolve("logs").resolve(container);
    }

    static Path current(Path directory, int attempt) {
        return directory.resolve(attempt + ".log");
    }

    static Path rotated(Path directory, int attempt) {
        return directory.resolve(attempt + ".log.1");
    }

    static LogFile open(Path directory, int attempt) throws IOException {
        Files.createDirectories(directory);
        Path current = current(directory, attempt);
        Path note = directory.resolve(attempt + ".base");
        long base = Files.exists(note) ? Long.parseLong(Files.readString(note).strip()) : 0;
        return new LogFile(
                directory, attempt, base, Files.exists(current) ? Files.size(current) : 0);
    }

    /// Offset in the guest's stream of what comes next.
    long offset() {
        return base + size;
    }

    /// Adds a chunk; what is here already is skipped.
    void append(long at, ByteString data) throws IOException {
        long known = offset() - at;
        if (known >= data.size()) {
            return;
        }
        ByteString fresh = known > 0 ? data.substring((int) known) : data;
        fresh.writeTo(out);
        out.flush();
        size += fresh.size();
        if (known < 0) {
            base -= known;
            note();
        }
        if (size >= ROTATE_BYTES && fresh.byteAt(fresh.size() - 1) == '\n') {
            rotate();
        }
    }

    private void rotate() throws IOException {
        out.close();
        Files.move(
                current(directory, attempt),
                rotated(directory, attempt),
                StandardCopyOption.REPLACE_EXISTING);
        base += size;
        size = 0;
        note();
        out = output(current(directory, attempt));
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
