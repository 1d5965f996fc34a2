package dev.monopod.agent.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What a host can give to machines.
///
/// @param milliCpu overcommitment included
public record HostCapacity(long milliCpu, long memoryMebiBytes, long storageMebiBytes) {
    /// For the host itself and the agent.
    private static final long RESERVED_MEBIBYTES = 1024;

    /// @param overcommit vCPUs promised for each processor, at least 1
    /// @throws IOException when the kernel or the file system can't be asked
    public static HostCapacity measure(Path dataDirectory, int overcommit) throws IOException {
        var memory = 0L;
        for (var line : Files.readAllLines(Path.of("/proc/meminfo"))) {
            if (line.startsWith("MemTotal:")) {
                memory = Long.parseLong(line.replaceAll("\\D", "")) >> 10;
            }
        }
        var processors = Runtime.getRuntime().availableProcessors();
        return new HostCapacity(
                processors * 1000L * overcommit,
                Math.max(0, memory - RESERVED_MEBIBYTES),
                Files.getFileStore(dataDirectory).getTotalSpace() >> 20);
    }
}
