package dev.monopod.host.machine;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.host.file.OwnFile;
import java.io.IOException;

/// What a later agent must know to find a machine again; `machine.json` in its folder.
///
/// @param milliCpu processor time that the machine is to have once it has started; 0 if unknown
record MachineRecord(String id, long pid, long startTicks, long milliCpu) {
    private static final ObjectMapper JSON = new ObjectMapper();

    MachineProcess process() {
        return new MachineProcess(pid, startTicks);
    }

    static OwnFile.Found<MachineRecord> read(OwnFile file) throws IOException {
        return file.read(MachineRecord::parsed);
    }

    void write(OwnFile file) throws IOException {
        file.replace(JSON.writeValueAsBytes(this));
    }

    private static MachineRecord parsed(byte[] content) throws IOException {
        var record = JSON.readValue(content, MachineRecord.class);
        if (record.pid < 2 || record.startTicks <= 0) {
            throw new IOException("it names no process");
        }
        return record;
    }
}
