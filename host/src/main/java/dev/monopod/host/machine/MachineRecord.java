package dev.monopod.host.machine;

import dev.monopod.host.file.OwnFile;
import dev.monopod.host.json.OwnJson;
import java.io.IOException;

/// What a later agent must know to find a machine again; `machine.json` in its folder.
///
/// @param milliCpu processor time that the machine is to have once it has started; 0 if unknown
record MachineRecord(String id, long pid, long startTicks, long milliCpu) {
    MachineProcess process() {
        return new MachineProcess(pid, startTicks);
    }

    static OwnFile.Found<MachineRecord> read(OwnFile file) throws IOException {
        return file.read(MachineRecord::parsed);
    }

    void write(OwnFile file) throws IOException {
        file.replace(OwnJson.write(this));
    }

    private static MachineRecord parsed(byte[] content) throws IOException {
        var record = OwnJson.read(content, MachineRecord.class, OwnJson.FIRST_FORMAT);
        if (record.pid < 2 || record.startTicks <= 0) {
            throw new IOException("it names no process");
        }
        return record;
    }
}
