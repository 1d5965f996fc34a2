package dev.monopod.host.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The rate of the host's time stamp counter, which QEMU's emulation passes on to its guests. A
/// guest can't measure it: its other timers are emulated, and too late on a busy host.
final class ProcessorClock {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessorClock.class);
    private static final Path BASE_FREQUENCY =
            Path.of("/sys/devices/system/cpu/cpu0/cpufreq/base_frequency");

    private ProcessorClock() {}

    /// The kernel's base frequency where processors change their speed; elsewhere, as in virtual
    /// machines, the speed that it shows for the first processor *is* the counter's rate.
    static OptionalLong kiloHertz() {
        try {
            if (Files.exists(BASE_FREQUENCY)) {
                return OptionalLong.of(Long.parseLong(Files.readString(BASE_FREQUENCY).strip()));
            }
            return parse(Files.readAllLines(Path.of("/proc/cpuinfo")));
        } catch (IOException | NumberFormatException e) {
            LOG.warn(
                    "the processor's clock rate is unknown, guests must find it: {}", e.toString());
            return OptionalLong.empty();
        }
    }

    /// @param information lines of `/proc/cpuinfo`
    static OptionalLong parse(List<String> information) {
        return information.stream()
                .filter(line -> line.startsWith("cpu MHz"))
                .mapToLong(line ->
                        Math.round(
                                Double.parseDouble(line.substring(line.indexOf(':') + 1)) * 1000))
                .findFirst();
    }
}
