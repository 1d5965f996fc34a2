package dev.monopod.host.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/// Writes bytes to a file; the one place where a disk may turn out to be full.
@FunctionalInterface
public interface FileWriter {
    /// Makes or empties the file, which others may not read, and returns when the bytes are on the
    /// disk.
    void write(Path file, byte[] content) throws IOException;

    /// Writes to the real disk, and leaves it to the kernel when: an agent that is killed harms the
    /// file no more than with [#real()], a host that loses its power may lose what came last.
    static FileWriter lazy() {
        return (file, content) -> {
            var unused = Files.write(file, content);
        };
    }

    /// Writes to the real disk.
    static FileWriter real() {
        return (file, content) -> {
            try (var channel =
                    FileChannel.open(
                            file,
                            Set.of(
                                    StandardOpenOption.CREATE,
                                    StandardOpenOption.TRUNCATE_EXISTING,
                                    StandardOpenOption.WRITE),
                            PrivateFiles.ofFile())) {
                for (var bytes = ByteBuffer.wrap(content); bytes.hasRemaining(); ) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
        };
    }
}
