package dev.monopod.host.machine;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/// What a later agent must know to find a machine again; `machine.json` in its folder.
record MachineRecord(String id, long pid, long startTicks) {
    private static final ObjectMapper JSON = new ObjectMapper();

    MachineProcess process() {
        return new MachineProcess(pid, startTicks);
    }

    void write(Path file) throws IOException {
        var fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.write(fresh, JSON.writeValueAsBytes(this));
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /// Empty when there is none, or half of one: then no process was started, or it is unknown.
    static Optional<MachineRecord> read(Path file) {
        try {
            return Optional.of(JSON.readValue(Files.readAllBytes(file), MachineRecord.class));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
