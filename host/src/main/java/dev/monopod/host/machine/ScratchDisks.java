package dev.monopod.host.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Makes empty ext4 disks. Each size is formatted once; a machine's disk is a sparse copy of that,
/// which takes milliseconds and only the blocks that a file system needs.
final class ScratchDisks {
    private final Path templates;

    ScratchDisks(Path templates) {
        this.templates = templates;
    }

    void make(Path disk, long bytes) throws IOException {
        run(
                List.of(
                        "cp",
                        "--sparse=always",
                        "--reflink=auto",
                        template(bytes).toString(),
                        disk.toString()));
    }

    private synchronized Path template(long bytes) throws IOException {
        var template = templates.resolve("scratch-" + bytes + ".ext4");
        if (!Files.exists(template)) {
            Files.createDirectories(templates);
            var fresh = templates.resolve("scratch-" + bytes + ".new");
            Files.deleteIfExists(fresh);
            // No journal: the disk never outlives a crash of its machine.
            run(
                    List.of(
                            "mkfs.ext4",
                            "-q",
                            "-F",
                            "-m",
                            "0",
                            "-O",
                            "^has_journal,^resize_inode",
                            "-E",
                            "lazy_itable_init=1,nodiscard,packed_meta_blocks=1",
                            fresh.toString(),
                            (bytes >> 10) + "k"));
            Files.move(fresh, template, StandardCopyOption.ATOMIC_MOVE);
        }
        return template;
    }

    private static void run(List<String> command) throws IOException {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            var output = new String(process.getInputStream().readAllBytes());
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IOException(String.join(" ", command) + " failed: " + output.strip());
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while making a disk");
        }
    }
}
