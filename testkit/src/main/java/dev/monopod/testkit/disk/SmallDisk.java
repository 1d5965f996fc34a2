package dev.monopod.testkit.disk;

import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.Program;
import dev.monopod.host.program.ProgramFailure;
import dev.monopod.host.program.ProgramRunner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/// A file system of its own in memory, which can be filled: whoever then writes to it, a program of
/// the host too, is told by the kernel that no space is left. Needs root; gone after [#close()].
public final class SmallDisk implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int PIECE_BYTES = 4096;

    private final ProgramRunner programs = new HostPrograms();
    private final Path folder;

    private SmallDisk(Path folder) {
        this.folder = folder;
    }

    /// @param folder exists, and shows the disk until it is closed
    public static SmallDisk at(Path folder, long bytes) throws ProgramFailure {
        var disk = new SmallDisk(folder);
        disk.run("mount", "-t", "tmpfs", "-o", "size=" + bytes, "mp-testkit", folder.toString());
        return disk;
    }

    /// Takes all the space that is left.
    public void fill() throws IOException {
        var file = filling();
        try (var out =
                Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            while (Files.getFileStore(folder).getUsableSpace() > 0) {
                out.write(new byte[PIECE_BYTES]);
            }
        }
    }

    /// Gives back what [#fill()] took.
    public void free() throws IOException {
        Files.deleteIfExists(filling());
    }

    @Override
    public void close() throws ProgramFailure {
        run("umount", folder.toString());
    }

    private Path filling() {
        return folder.resolve(".filling");
    }

    private void run(String... command) throws ProgramFailure {
        var unused = programs.output(Program.of(LIMIT, command));
    }
}
