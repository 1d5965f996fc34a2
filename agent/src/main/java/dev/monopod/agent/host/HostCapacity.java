package dev.monopod.agent.host;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the host has for machines.
record HostCapacity(long milliCpu, long memoryMebiBytes, long storageMebiBytes) {
    private static final long RESERVED_MEBI_BYTES = 1024;

    /// @param overcommit how often each processor and each byte of disk is promised
    /// @param directory on the file system that holds the machines' disks
    /// @param sharedMebiBytes what machines have in common, beside what each is promised
    static HostCapacity measure(Overcommit overcommit, Path directory, long sharedMebiBytes)
            throws IOException {
        long processors = Runtime.getRuntime().availableProcessors();
        var store = Files.getFileStore(directory);
        return new HostCapacity(
                processors * 1000 * overcommit.cpu(),
                Math.max(0, memoryTotalMebiBytes() - RESERVED_MEBI_BYTES - sharedMebiBytes),
                (store.getTotalSpace() >> 20) * overcommit.storage());
    }

    private static long memoryTotalMebiBytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/meminfo"), StandardCharsets.US_ASCII).stream()
                        .filter(line -> line.startsWith("MemTotal:"))
                        .map(line -> line.replaceAll("\\D", ""))
                        .mapToLong(Long::parseLong)
                        .findFirst()
                        .orElse(0)
                >> 10;
    }
}
