package dev.monopod.agent.loadbalancing;

import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.Outcome;
import dev.monopod.host.program.Program;
import dev.monopod.host.program.ProgramRunner;
import dev.monopod.loadbalancing.haproxy.HaproxyConfiguration;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one HAProxy of a VPC on this host: a master that outlives the agent, and a worker that each
/// reload replaces while it finishes what it has. It runs in the load balancers' network namespace
/// as a user of its own without any capability. A new agent finds it by its record. One caller at a
/// time.
final class HaproxyProcess {
    private static final Logger LOG = LoggerFactory.getLogger(HaproxyProcess.class);

    /// Next to the machines' user; no account is needed.
    private static final int USER = 64056;

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final long POLL_NANOS = Duration.ofMillis(20).toNanos();
    private static final String CONFIGURATION = "haproxy.cfg";
    private static final String RECORD = "haproxy.pid";

    /// The structure that the running worker has.
    private static final String LOADED = "loaded";

    private final Path folder;
    private final Path log;
    private final String namespace;
    private final RuntimeSocket socket;
    private final ProgramRunner programs = new HostPrograms();

    /// @param folder of its own; keys lie in it
    HaproxyProcess(Path folder, Path log, String namespace) {
        this.folder = folder;
        this.log = log;
        this.namespace = namespace;
        this.socket = new RuntimeSocket(folder.resolve(HaproxyConfiguration.SOCKET));
    }

    Path folder() {
        return folder;
    }

    RuntimeSocket socket() {
        return socket;
    }

    boolean runs() {
        return process().isPresent();
    }

    /// Whether it runs, and all that differs is targets.
    boolean has(HaproxyConfiguration wanted) throws IOException {
        return runs() && read(LOADED).equals(wanted.structure());
    }

    /// HAProxy's complaint about a configuration; empty if it would take it.
    Optional<String> complaint(HaproxyConfiguration configuration) throws IOException {
        write(configuration.files());
        write(Map.of("check.cfg", configuration.text()));
        var command = jail();
        command.addAll(List.of("haproxy", "-c", "-f", folder.resolve("check.cfg").toString()));
        return switch (programs.run(Program.of(LIMIT, command))) {
            case Outcome.Ended ended ->
                    ended.succeeded() ? Optional.empty() : Optional.of(ended.words());
            case Outcome.TooLate _ ->
                    Optional.of("haproxy -c did not end within %d s".formatted(LIMIT.toSeconds()));
            case Outcome.NotStarted(var reason) -> Optional.of(reason);
            case Outcome.InputFailed(var cause) -> throw cause;
            case Outcome.Interrupted _ -> Optional.of("interrupted");
        };
    }

    /// Starts it, or makes the running one take the configuration without losing a connection.
    ///
    /// @throws IOException if no worker with the new configuration answers in time
    void load(HaproxyConfiguration configuration) throws IOException {
        write(configuration.files());
        write(Map.of(CONFIGURATION, configuration.text()));
        var process = process();
        var before = process.isPresent() ? worker() : "";
        write(Map.of(HaproxyConfiguration.KNOWN_TARGETS, knownTargets()));
        Files.deleteIfExists(folder.resolve(LOADED));
        if (process.isPresent()) {
            signal(process.get().pid(), "USR2");
        } else {
            start();
        }
        if (!until(
                () -> {
                    var now = worker();
                    return !now.isEmpty() && !now.equals(before);
                })) {
            throw new IOException("no new worker of HAProxy answers; see " + log);
        }
        write(Map.of(LOADED, configuration.structure()));
        LOG.info("HAProxy {} (worker {})", process.isPresent() ? "reloaded" : "started", worker());
    }

    /// Ends it, and with it every connection.
    void stop() throws IOException {
        process()
                .ifPresent(process -> {
                    process.destroy();
                    if (!until(() -> !process.isAlive())) {
                        process.destroyForcibly();
                    }
                });
        Files.deleteIfExists(folder.resolve(RECORD));
        Files.deleteIfExists(folder.resolve(LOADED));
    }

    private void start() throws IOException {
        // A worker may outlive its killed master for a moment, with the addresses in its hands.
        endOrphans();
        var command = jail();
        command.addAll(List.of("haproxy", "-W", "-f", folder.resolve(CONFIGURATION).toString()));
        // The agent's environment may hold secrets.
        var program =
                Program.of(LIMIT, command).withEnvironment(new Program.Environment.Bare(Map.of()));
        var started = programs.start(program, log);
        write(Map.of(RECORD, started.pid() + " " + startTicks(started.pid())));
    }

    private void endOrphans() {
        var name = folder.resolve(CONFIGURATION).toString();
        try (var all = ProcessHandle.allProcesses()) {
            var orphans = all.filter(each -> commandLine(each.pid()).contains(name)).toList();
            orphans.forEach(ProcessHandle::destroyForcibly);
            until(() -> orphans.stream().noneMatch(ProcessHandle::isAlive));
        }
    }

    private List<String> jail() {
        var user = Integer.toString(USER);
        return new ArrayList<>(
                List.of(
                        "nsenter",
                        "--net=/run/netns/" + namespace,
                        "setpriv",
                        "--reuid",
                        user,
                        "--regid",
                        user,
                        "--clear-groups",
                        "--no-new-privs",
                        "--inh-caps=-all",
                        "--bounding-set=-all"));
    }

    /// What the worker knows of its targets, for the next one: else it would take them all for
    /// healthy. Empty if no worker answers.
    private String knownTargets() {
        try {
            return socket.ask("show servers state") + "\n";
        } catch (IOException none) {
            return "";
        }
    }

    /// Process number of the worker that answers; empty if none does.
    private String worker() {
        try {
            return socket.ask("show info")
                    .lines()
                    .filter(line -> line.startsWith("Pid: "))
                    .map(line -> line.substring("Pid: ".length()))
                    .findFirst()
                    .orElse("");
        } catch (IOException notYet) {
            return "";
        }
    }

    /// The recorded master, if it is still the same process.
    private Optional<ProcessHandle> process() {
        try {
            var words = read(RECORD).strip().split(" ", -1);
            if (words.length != 2) {
                return Optional.empty();
            }
            var pid = Long.parseLong(words[0]);
            return startTicks(pid).equals(words[1])
                    ? ProcessHandle.of(pid).filter(ProcessHandle::isAlive)
                    : Optional.empty();
        } catch (IOException | NumberFormatException unknown) {
            return Optional.empty();
        }
    }

    /// Field 22 of `/proc/PID/stat`: tells a process from a later one with its number. A process
    /// that has ended has none.
    private static String startTicks(long pid) {
        try {
            var stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return fields[0].equals("Z") ? "" : fields[19];
        } catch (IOException gone) {
            return "";
        }
    }

    private static String commandLine(long pid) {
        try {
            return Files.readString(
                    Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }

    private void signal(long pid, String name) throws IOException {
        programs.output(Program.of(LIMIT, "kill", "-" + name, Long.toString(pid)));
    }

    private static boolean until(BooleanSupplier condition) {
        var end = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end || Thread.currentThread().isInterrupted()) {
                return false;
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
        return true;
    }

    private String read(String name) throws IOException {
        var file = folder.resolve(name);
        return Files.exists(file) ? Files.readString(file) : "";
    }

    /// Writes files that only HAProxy's user and root can read, each whole or not at all.
    private void write(Map<String, String> files) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder);
            Files.setAttribute(folder, "unix:uid", USER);
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        }
        for (var file : files.entrySet()) {
            var fresh = folder.resolve(file.getKey() + ".new");
            Files.deleteIfExists(fresh);
            Files.createFile(
                    fresh,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------")));
            Files.setAttribute(fresh, "unix:uid", USER);
            Files.writeString(fresh, file.getValue());
            Files.move(
                    fresh,
                    folder.resolve(file.getKey()),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
