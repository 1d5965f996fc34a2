package dev.monopod.cli.installation;

import dev.monopod.cli.terminal.CliException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// The supervisor as a unit of systemd, which starts it again after a reboot and when it fails. It
/// exists where systemd runs and a release's unit file is installed, for the usual folders only:
/// the unit names them.
public final class SystemdUnit {
    private static final String NAME = "monopod.service";
    private static final Duration LIMIT = Duration.ofSeconds(310);

    /// Present where systemd is the first process; sd_booted(3).
    private static final Path BOOTED = Path.of("/run/systemd/system");

    /// Of the package, or of whoever unpacked the tarball.
    private static final List<Path> FILES =
            List.of(Path.of("/usr/lib/systemd/system", NAME), Path.of("/etc/systemd/system", NAME));

    private SystemdUnit() {}

    /// The unit that is to run this host's supervisor; empty if `up` starts it itself.
    public static Optional<SystemdUnit> of(Layout layout) {
        return of(layout, BOOTED, FILES);
    }

    static Optional<SystemdUnit> of(Layout layout, Path booted, List<Path> files) {
        var usual =
                layout.data().equals(Layout.DEFAULT_DATA)
                        && layout.run().equals(Layout.DEFAULT_RUN);
        return usual
                        && ReleaseVersion.isIn(layout.dist())
                        && Files.isDirectory(booted)
                        && files.stream().anyMatch(Files::isRegularFile)
                ? Optional.of(new SystemdUnit())
                : Optional.empty();
    }

    /// From now on a reboot starts it too.
    public void enable() {
        call("enable", "--quiet", NAME);
    }

    /// Returns when the supervisor answers.
    public void start() {
        call("start", NAME);
    }

    /// Stops it, and a reboot starts nothing any more. Machines run on.
    public void disable() {
        call("disable", "--quiet", "--now", NAME);
    }

    private static void call(String... arguments) {
        var command = new String[arguments.length + 1];
        command[0] = "systemctl";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        Commands.trouble(LIMIT, command)
                .ifPresent(words -> {
                    throw new CliException(
                            "%s: %s".formatted(String.join(" ", command), words),
                            "look into: journalctl -u " + NAME);
                });
    }

    /// The variables of an environment that Monopod's processes read, as systemd's EnvironmentFile=
    /// has them. Those that tell commands their folders are none of the processes'.
    public static String environmentFile(Map<String, String> environment) {
        return new TreeMap<>(environment)
                .entrySet().stream()
                        .filter(it -> it.getKey().startsWith("MONOPOD_"))
                        .filter(it -> !it.getKey().equals("MONOPOD_DIST"))
                        .filter(it -> !it.getValue().contains("\n"))
                        .map(it ->
                                "%s=\"%s\"\n"
                                        .formatted(
                                                it.getKey(),
                                                it.getValue()
                                                        .replace("\\", "\\\\")
                                                        .replace("\"", "\\\"")))
                        .collect(Collectors.joining());
    }
}
