package dev.monopod.host.jail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The control group `monopod/ID` of one jail, in cgroup v2 or, on older hosts, in the v1
/// hierarchies. It bounds the jail from outside whatever happens in it. A host without usable
/// cgroups is told of, and served.
public final class ControlGroup {
    private static final Logger LOG = LoggerFactory.getLogger(ControlGroup.class);
    private static final Path ROOT = Path.of("/sys/fs/cgroup");
    private static final String PARENT = "monopod";
    private static final List<String> HIERARCHIES = List.of("cpu", "memory", "pids");

    private static final long PERIOD_MICROS = 100_000;
    private static final long REMOVAL_MILLIS = 5_000;

    private final String id;

    /// @param id of the machine or the image
    public ControlGroup(String id) {
        this.id = id;
    }

    /// @param memoryBytes that all its processes may have together
    /// @param milliCpu its weight against other groups
    /// @param mostMilliCpu processor time that it may have at most; none: no bound
    /// @param processes and threads that it may have
    public record Limits(
            long memoryBytes, long milliCpu, OptionalLong mostMilliCpu, int processes) {}

    /// Makes the groups and returns their `cgroup.procs` files.
    public List<Path> make(Limits limits) {
        var memory = Long.toString(limits.memoryBytes());
        try {
            var groups = folders();
            if (unified()) {
                var parent = Files.createDirectories(ROOT.resolve(PARENT));
                Files.writeString(ROOT.resolve("cgroup.subtree_control"), "+cpu +memory +pids");
                Files.writeString(parent.resolve("cgroup.subtree_control"), "+cpu +memory +pids");
                var group = Files.createDirectories(groups.getFirst());
                Files.writeString(group.resolve("memory.max"), memory);
            } else {
                for (var group : groups) {
                    Files.createDirectories(group);
                }
                write(groups, "memory.limit_in_bytes", memory);
            }
            limit(groups, limits.milliCpu(), limits.mostMilliCpu());
            // Or all jails together weigh no more than one process of the host.
            var processors = Runtime.getRuntime().availableProcessors();
            var parents = groups.stream().map(Path::getParent).toList();
            write(parents, "cpu.weight", Long.toString(weight(processors * 1000L)));
            write(parents, "cpu.shares", Long.toString(shares(processors * 1000L)));
            write(groups, "pids.max", Integer.toString(limits.processes()));
            return groups.stream().map(group -> group.resolve("cgroup.procs")).toList();
        } catch (IOException e) {
            LOG.warn("{} runs without a cgroup: {}", id, e.toString());
            return List.of();
        }
    }

    /// Changes the processor time that the jail gets.
    ///
    /// @param milliCpu its weight against other groups
    /// @param most processor time that it may have; none: no bound
    public void limit(long milliCpu, OptionalLong most) {
        try {
            limit(folders(), milliCpu, most);
        } catch (IOException e) {
            LOG.warn("{} keeps its share of the processors: {}", id, e.toString());
        }
    }

    private static void limit(List<Path> groups, long milliCpu, OptionalLong most)
            throws IOException {
        var quota = most.isPresent() ? most.getAsLong() * PERIOD_MICROS / 1000 : -1;
        write(groups, "cpu.weight", Long.toString(weight(milliCpu)));
        write(groups, "cpu.max", (quota < 0 ? "max" : quota) + " " + PERIOD_MICROS);
        write(groups, "cpu.shares", Long.toString(shares(milliCpu)));
        write(groups, "cpu.cfs_quota_us", Long.toString(quota));
    }

    /// Whether the kernel has killed a process because the group was out of memory.
    public boolean outOfMemory() {
        for (var group : folders()) {
            for (var file : List.of("memory.events", "memory.oom_control")) {
                try {
                    for (var line : Files.readAllLines(group.resolve(file))) {
                        if (line.startsWith("oom_kill ") && !line.equals("oom_kill 0")) {
                            return true;
                        }
                    }
                } catch (IOException e) {
                    // The other version's file, or another hierarchy's group.
                    LOG.trace("{}: {}", group, e.toString());
                }
            }
        }
        return false;
    }

    /// Numbers of the processes in the groups.
    public Set<Long> processes() {
        var found = new TreeSet<Long>();
        for (var group : folders()) {
            try {
                processes(group).forEach(process -> found.add(process.pid()));
            } catch (IOException e) {
                LOG.trace("{}: {}", group, e.toString());
            }
        }
        return found;
    }

    /// Kills what is left in the groups, then removes them. Idempotent.
    public void remove() {
        var deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(REMOVAL_MILLIS);
        for (var group : folders()) {
            while (Files.isDirectory(group)) {
                try {
                    end(processes(group), deadline);
                    Files.deleteIfExists(group);
                } catch (IOException e) {
                    // A killed process leaves its groups a moment after it stops to run.
                    if (System.nanoTime() - deadline > 0
                            || Thread.currentThread().isInterrupted()) {
                        LOG.warn("failed to remove {}: {}", group, e.toString());
                        break;
                    }
                    Thread.yield();
                }
            }
        }
    }

    /// Kills them, and waits until they have ended.
    ///
    /// @throws IOException if one of them does not end
    private static void end(List<ProcessHandle> processes, long deadline) throws IOException {
        processes.forEach(ProcessHandle::destroyForcibly);
        for (var process : processes) {
            try {
                var left = Math.max(0, deadline - System.nanoTime());
                process.onExit().get(left, TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            } catch (ExecutionException | TimeoutException e) {
                throw new IOException("process %d does not end".formatted(process.pid()), e);
            }
        }
    }

    private static List<ProcessHandle> processes(Path group) throws IOException {
        var found = new ArrayList<ProcessHandle>();
        for (var line : Files.readAllLines(group.resolve("cgroup.procs"))) {
            ProcessHandle.of(Long.parseLong(line)).ifPresent(found::add);
        }
        return found;
    }

    private static boolean unified() {
        return Files.exists(ROOT.resolve("cgroup.controllers"));
    }

    private List<Path> folders() {
        if (unified()) {
            return List.of(ROOT.resolve(PARENT).resolve(id));
        }
        return HIERARCHIES.stream()
                .map(ROOT::resolve)
                .filter(Files::isDirectory)
                .map(hierarchy -> hierarchy.resolve(PARENT).resolve(id))
                .toList();
    }

    private static void write(List<Path> groups, String file, String value) throws IOException {
        for (var group : groups) {
            if (Files.exists(group.resolve(file))) {
                Files.writeString(group.resolve(file), value);
            }
        }
    }

    /// Of cgroup v2: one processor weighs 100.
    private static long weight(long milliCpu) {
        return Math.clamp(milliCpu / 10, 1, 10_000);
    }

    /// Of cgroup v1: one processor weighs 1024.
    private static long shares(long milliCpu) {
        return Math.clamp(milliCpu * 1024 / 1000, 2, 262_144);
    }
}
