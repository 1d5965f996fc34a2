package dev.monopod.cli.down;

import dev.monopod.cli.installation.HostSnapshot;
import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.installation.SupervisorClient;
import dev.monopod.cli.terminal.CliException;
import dev.monopod.cli.terminal.Json;
import dev.monopod.cli.terminal.Waiting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The steps of `down`. None relies on the one before having worked, on the agent, or on the API
/// server: what is left of a broken installation goes too.
final class DownSteps {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final Layout layout;
    private final Kernel kernel;

    DownSteps(Layout layout, Kernel kernel) {
        this.layout = layout;
        this.kernel = kernel;
    }

    void supervisor() {
        var client = new SupervisorClient(layout.supervisorSocket());
        var process = client.status().flatMap(status -> ProcessHandle.of(status.pid()));
        if (client.stop()) {
            Waiting.until(PATIENCE, () -> process.map(it -> !it.isAlive()).orElse(true));
        }
        // A supervisor that was killed leaves its processes running; so may a stuck one.
        kill(
                HostSnapshot.ourProcesses(layout).stream()
                        .filter(it -> !name(it).startsWith("qemu-"))
                        .toList());
    }

    /// Ends every machine that its record names and every QEMU whose command names our folders.
    void machines() {
        List<ProcessHandle> machines = new ArrayList<>();
        var folder = layout.data().resolve("machines");
        if (Files.isDirectory(folder)) {
            try (var entries = Files.list(folder)) {
                entries.map(entry -> entry.resolve("machine.json"))
                        .filter(Files::exists)
                        .forEach(file -> recorded(file).ifPresent(machines::add));
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }
        machines.addAll(HostSnapshot.ourProcesses(layout));
        kill(machines);
    }

    /// The process of a record, if it is still the one that was recorded and no other with its
    /// number.
    private static Optional<ProcessHandle> recorded(Path file) {
        try {
            var machine = Json.tree(file);
            var pid = machine.path("pid").asLong();
            var startTicks = machine.path("startTicks").asLong(-1);
            return startTicks(pid) == startTicks ? ProcessHandle.of(pid) : Optional.empty();
        } catch (IOException unreadable) {
            return Optional.empty();
        }
    }

    /// Field 22 of `/proc/PID/stat`; -1 if there is no such process.
    private static long startTicks(long pid) {
        return stat(pid).map(DownSteps::startTicks).orElse(-1L);
    }

    /// `/proc/PID/stat` from the third field on, which is the state.
    private static Optional<String> stat(long pid) {
        try {
            return Optional.of(afterName(Files.readString(Path.of("/proc/" + pid + "/stat"))));
        } catch (IOException gone) {
            return Optional.empty();
        }
    }

    /// The command's name, in parentheses, may hold spaces and parentheses.
    static String afterName(String stat) {
        return stat.substring(stat.lastIndexOf(')') + 2);
    }

    /// @param stat from the third field on
    static long startTicks(String stat) {
        return Long.parseLong(stat.split(" ", -1)[19]);
    }

    private static void kill(List<ProcessHandle> processes) {
        processes.forEach(ProcessHandle::destroyForcibly);
        if (!Waiting.until(LIMIT, () -> processes.stream().noneMatch(DownSteps::lives))) {
            throw new CliException(
                    "processes survive SIGKILL: "
                            + processes.stream()
                                    .filter(DownSteps::lives)
                                    .map(ProcessHandle::pid)
                                    .distinct()
                                    .toList());
        }
    }

    /// Not what has ended and only waits for its parent to notice: some containers have a first
    /// process that never does.
    private static boolean lives(ProcessHandle process) {
        return process.isAlive() && !stat(process.pid()).orElse("Z").startsWith("Z");
    }

    private static String name(ProcessHandle process) {
        var command = process.info().command().orElse("");
        return command.substring(command.lastIndexOf('/') + 1);
    }

    void network() {
        var trouble = kernel.removeNetwork(layout.run());
        // By name as well: this program may be of another version than what made the network.
        for (var namespace : namespaces()) {
            kernel.run("ip", "netns", "delete", namespace);
        }
        for (var link : kernel.links()) {
            if (link.startsWith("mp-")) {
                kernel.run("ip", "link", "delete", link);
            }
        }
        for (var line : kernel.run("nft", "list", "tables").lines().toList()) {
            var parts = line.strip().split(" ", -1);
            if (parts.length == 3 && parts[2].startsWith("monopod")) {
                kernel.run("nft", "delete", "table", parts[1], parts[2]);
            }
        }
        if (trouble.isPresent() && !namespaces().isEmpty()) {
            throw new CliException("the network is not removed: " + trouble.get());
        }
    }

    private List<String> namespaces() {
        return kernel.run("ip", "netns", "list")
                .lines()
                .map(line -> line.strip().split("\\s+", 2)[0])
                .filter(name -> name.startsWith("monopod-"))
                .toList();
    }

    /// A mount inside another one goes first.
    void mountsAndControlGroups() {
        var mounts =
                kernel.mounts().stream()
                        .map(line -> line.split(" ", -1)[1].replace("\\040", " "))
                        .filter(mount -> layout.holds(Path.of(mount)))
                        .toList();
        for (var mount : mounts.reversed()) {
            kernel.run("umount", "--lazy", mount);
        }
        // A group vanishes only after its last process has been reaped.
        Waiting.until(LIMIT, this::removeControlGroups);
    }

    /// Whether none is left.
    private boolean removeControlGroups() {
        kernel.controlGroups().stream()
                .sorted(Comparator.comparing(String::length).reversed())
                .forEach(group -> kernel.removeControlGroup(Path.of(group)));
        return kernel.controlGroups().isEmpty();
    }

    void files(boolean keepData) {
        delete(layout.run());
        if (!keepData && Files.exists(layout.data())) {
            if (!layout.ownsData()) {
                throw new CliException(
                        "%s was not made by `monopod up`, so it stays".formatted(layout.data()));
            }
            delete(layout.data());
        }
    }

    /// Deletes a folder; never follows a link out of it.
    private static void delete(Path folder) {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try {
            Files.walkFileTree(
                    folder,
                    new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                                throws IOException {
                            Files.delete(file);
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult postVisitDirectory(
                                Path directory,
                                java.io.@org.jspecify.annotations.Nullable IOException failure)
                                throws IOException {
                            if (failure != null) {
                                throw failure;
                            }
                            Files.delete(directory);
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
