package dev.monopod.agent.pod;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Whole lines of a file that may still grow, or be replaced. A file that is not there is empty.
final class LineSource implements AutoCloseable {
    private static final int LINE_BYTES = 1 << 20;

    private final Path file;
    private final InputStream in;
    private final Object identity;
    private final ByteArrayOutputStream begun = new ByteArrayOutputStream();

    private LineSource(Path file, InputStream in, Object identity) {
        this.file = file;
        this.in = in;
        this.identity = identity;
    }

    static LineSource open(Path file) throws IOException {
        try {
            return new LineSource(
                    file, new BufferedInputStream(Files.newInputStream(file)), identity(file));
        } catch (NoSuchFileException e) {
            return new LineSource(file, InputStream.nullInputStream(), "absent");
        }
    }

    /// The next whole line without its end; empty when there is none yet.
    byte[] next() throws IOException {
        for (int c = in.read(); c >= 0; c = in.read()) {
            if (c == '\n' || begun.size() >= LINE_BYTES) {
                byte[] line = begun.toByteArray();
                begun.reset();
                if (line.length > 0) {
                    return line;
                }
            } else {
                begun.write(c);
            }
        }
        return new byte[0];
    }

    /// Whether another file stands at this name now.
    boolean replaced() throws IOException {
        return Files.exists(file) && !identity(file).equals(identity);
    }

    private static Object identity(Path file) throws IOException {
        Object inode = Files.getAttribute(file, "unix:ino");
        return inode == null ? file : inode;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
