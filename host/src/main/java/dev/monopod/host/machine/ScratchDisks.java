package dev.monopod.host.machine;

import dev.monopod.host.program.Program;
import dev.monopod.host.program.ProgramRunner;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;

/// Makes empty ext4 disks. Each size is formatted once; a machine's disk is a sparse copy of that,
/// which takes milliseconds and only the blocks that a file system needs.
final class ScratchDisks {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final Path templates;
    private final ProgramRunner programs;

    ScratchDisks(Path templates, ProgramRunner programs) {
        this.programs = programs;
        this.templates = templates;
    }

    /// Makes the disk larger than the file system in it, which stays as it is: machines that begin
    /// with one memory must all have disks of the size that it knows.
    static void stretch(Path disk, long bytes) throws IOException {
        try (var file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(Math.max(bytes, file.length()));
        }
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
            try {
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
            } finally {
                Files.deleteIfExists(fresh);
            }
        }
        return template;
    }

    private void run(List<String> command) throws IOException {
        programs.output(Program.of(LIMIT, command));
    }
}
