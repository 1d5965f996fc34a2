package dev.monopod.host.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Memory of this host, as it is now.
///
/// @param available without taking anything from anybody
record HostMemory(long totalMebiBytes, long availableMebiBytes) {
    /// @throws IOException if the kernel does not say
    static HostMemory read() throws IOException {
        return parse(Files.readAllLines(Path.of("/proc/meminfo")));
    }

    /// @param lines of `/proc/meminfo`
    static HostMemory parse(List<String> lines) throws IOException {
        return new HostMemory(mebiBytes(lines, "MemTotal:"), mebiBytes(lines, "MemAvailable:"));
    }

    private static long mebiBytes(List<String> lines, String name) throws IOException {
        for (var line : lines) {
            if (line.startsWith(name) && line.endsWith("kB")) {
                try {
                    var digits = line.substring(name.length(), line.length() - 2).strip();
                    return Long.parseLong(digits) >> 10;
                } catch (NumberFormatException e) {
                    throw new IOException("/proc/meminfo says " + line, e);
                }
            }
        }
        throw new IOException("/proc/meminfo has no " + name);
    }
}
