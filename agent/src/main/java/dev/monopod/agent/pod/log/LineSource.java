package dev.monopod.agent.pod.log;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// Whole lines of a file that may still grow, or be given another name.
final class LineSource implements AutoCloseable {
    private static final int LINE_BYTES = 1 << 20;
    private static final int BUFFER_BYTES = 1 << 16;

    private final FileChannel channel;
    private final Object identity;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).limit(0);
    private final ByteArrayOutputStream begun = new ByteArrayOutputStream();

    private LineSource(FileChannel channel, Object identity) {
        this.channel = channel;
        this.identity = identity;
    }

    /// @throws java.nio.file.NoSuchFileException when the file is not there
    static LineSource open(Path file) throws IOException {
        // The identity first: a file that takes the name in between is known as another one.
        var identity = identity(file);
        return new LineSource(FileChannel.open(file, StandardOpenOption.READ), identity);
    }

    /// The next whole line without its end; empty when there is none yet.
    byte[] next() throws IOException {
        while (true) {
            var start = buffer.position();
            for (var at = start; at < buffer.limit(); at++) {
                if (buffer.get(at) == '\n' || begun.size() + at - start >= LINE_BYTES) {
                    begun.write(buffer.array(), start, at - start);
                    buffer.position(at + 1);
                    var line = begun.toByteArray();
                    begun.reset();
                    return line;
                }
            }
            begun.write(buffer.array(), start, buffer.limit() - start);
            buffer.clear();
            var count = channel.read(buffer);
            buffer.flip();
            if (count <= 0) {
                return new byte[0];
            }
        }
    }

    /// Back to the first line.
    void rewind() throws IOException {
        channel.position(0);
        buffer.clear().limit(0);
        begun.reset();
    }

    /// Whether this is what stands at the name now.
    boolean is(Path file) throws IOException {
        return Files.exists(file) && identity(file).equals(identity);
    }

    private static Object identity(Path file) throws IOException {
        return Files.getAttribute(file, "unix:ino");
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
