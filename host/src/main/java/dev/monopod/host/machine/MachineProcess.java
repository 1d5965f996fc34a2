package dev.monopod.host.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A process by number *and* start time, so that a number which the kernel has given to another
/// process since is never signalled.
///
/// @param startTicks field 22 of `/proc/PID/stat`
record MachineProcess(long pid, long startTicks) {
    static MachineProcess of(long pid) {
        var ticks = startTicks(pid);
        if (ticks < 0) {
            throw new MachineException("process " + pid + " has ended already");
        }
        return new MachineProcess(pid, ticks);
    }

    boolean alive() {
        return startTicks(pid) == startTicks;
    }

    void kill() {
        if (alive()) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    /// A process that ended but was not waited for counts as gone.
    private static long startTicks(long pid) {
        try {
            var stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return fields[0].equals("Z") || fields[0].equals("X") ? -1 : Long.parseLong(fields[19]);
        } catch (IOException e) {
            return -1;
        }
    }
}
