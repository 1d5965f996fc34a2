package dev.monopod.host.machine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;

/// Where one machine keeps what it has on the host: disks and its record in the data folder,
/// sockets in the run folder.
record MachineFiles(Path data, Path run) {
    static MachineFiles of(QemuConfiguration configuration, String id) {
        if (!id.matches("[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}")) {
            throw new MachineException("id: \"" + id + "\" is not one path segment of at most 63");
        }
        return new MachineFiles(
                configuration.machines().resolve(id), configuration.sockets().resolve(id));
    }

    Path scratch() {
        return data.resolve("scratch.img");
    }

    Path record() {
        return data.resolve("machine.json");
    }

    MachineLog log() {
        return new MachineLog(data.resolve("qemu.log"));
    }

    Path qmp() {
        return run.resolve("qmp.sock");
    }

    Path channel() {
        return run.resolve("guest.sock");
    }

    void remove() {
        removeTree(run);
        removeTree(data);
    }

    private static void removeTree(Path root) {
        if (!Files.exists(root)) {
            return;
        }
        try (var paths = Files.walk(root)) {
            for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove " + root, e);
        }
    }
}
