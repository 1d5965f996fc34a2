package dev.monopod.host.machine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What QEMU itself says, opened for appending. A guest can make QEMU complain without end, so it
/// is never read whole and is emptied when it has grown.
record MachineLog(Path path) {
    private static final Logger LOG = LoggerFactory.getLogger(MachineLog.class);
    private static final int TAIL_BYTES = 2048;
    private static final long MOST_BYTES = 1 << 20;

    /// The last words; empty when there are none.
    String tail() {
        try (var channel = FileChannel.open(path)) {
            channel.position(Math.max(0, channel.size() - TAIL_BYTES));
            var buffer = ByteBuffer.allocate(TAIL_BYTES);
            while (buffer.hasRemaining() && channel.read(buffer) >= 0) {}
            return StandardCharsets.UTF_8.decode(buffer.flip()).toString().strip();
        } catch (IOException e) {
            LOG.trace("{}: {}", path, e.toString());
            return "";
        }
    }

    /// Empties the log when it is larger than 1 MiB; QEMU goes on at its new end.
    void bound() {
        try {
            if (Files.size(path) > MOST_BYTES) {
                FileChannel.open(
                                path,
                                StandardOpenOption.WRITE,
                                StandardOpenOption.TRUNCATE_EXISTING)
                        .close();
            }
        } catch (IOException e) {
            LOG.trace("{}: {}", path, e.toString());
        }
    }
}
