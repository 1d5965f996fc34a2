package dev.monopod.host.machine;

import dev.monopod.host.machine.Hypervisor.Accelerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The control group `monopod/ID` of one machine, in cgroup v2 or, on older hosts, in the v1
/// hierarchies. It bounds QEMU from outside whatever the guest does. A host without usable cgroups
/// is told of, and served.
final class MachineCgroup {
    private static final Logger LOG = LoggerFactory.getLogger(MachineCgroup.class);
    private static final Path ROOT = Path.of("/sys/fs/cgroup");
    private static final String PARENT = "monopod";
    private static final List<String> HIERARCHIES = List.of("cpu", "memory", "pids");

    /// QEMU's own memory beside the guest's: code, device buffers, translated code of TCG.
    private static final long MONITOR_MEBIBYTES = 256;

    private static final int MOST_PROCESSES = 64;
    private static final long PERIOD_MICROS = 100_000;
    private static final long REMOVAL_MILLIS = 5_000;

    private final String id;

    MachineCgroup(String id) {
        this.id = id;
    }

    /// Makes the groups and returns their `cgroup.procs` files.
    List<Path> make(long milliCpu, long memoryMebiBytes, Accelerator accelerator) {
        var memory = Long.toString((memoryMebiBytes + MONITOR_MEBIBYTES) << 20);
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
            limit(groups, milliCpu, accelerator);
            // Or all machines together weigh no more than one process of the host.
            var processors = Runtime.getRuntime().availableProcessors();
            var parents = groups.stream().map(Path::getParent).toList();
            write(parents, "cpu.weight", Long.toString(weight(processors * 1000L)));
            write(parents, "cpu.shares", Long.toString(shares(processors * 1000L)));
            write(groups, "pids.max", Integer.toString(MOST_PROCESSES));
            return groups.stream().map(group -> group.resolve("cgroup.procs")).toList();
        } catch (IOException e) {
            LOG.warn("machine {} runs without a cgroup: {}", id, e.toString());
            return List.of();
        }
    }

    /// Changes the processor time that the machine gets.
    void limit(long milliCpu, Accelerator accelerator) {
        try {
            limit(folders(), milliCpu, accelerator);
        } catch (IOException e) {
            LOG.warn("machine {} keeps its share of the processors: {}", id, e.toString());
        }
    }

    /// Under KVM a machine gets at most the processor time of its size; emulation is slow enough, so
    /// there sizes are only weights.
    private static void limit(List<Path> groups, long milliCpu, Accelerator accelerator)
            throws IOException {
        var quota =
                switch (accelerator) {
                    case KVM -> milliCpu * PERIOD_MICROS / 1000;
                    case TCG -> -1;
                };
        write(groups, "cpu.weight", Long.toString(weight(milliCpu)));
        write(groups, "cpu.max", (quota < 0 ? "max" : quota) + " " + PERIOD_MICROS);
        write(groups, "cpu.shares", Long.toString(shares(milliCpu)));
        write(groups, "cpu.cfs_quota_us", Long.toString(quota));
    }

    /// Whether the kernel has killed QEMU because the group was out of memory.
    boolean outOfMemory() {
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

    /// The one process that runs in the groups; empty if there is none or more than one. A QEMU
    /// starts no other, and its groups are not its own to change.
    Optional<MachineProcess> onlyProcess() {
        var found = new TreeSet<Long>();
        for (var group : folders()) {
            try {
                processes(group).forEach(process -> found.add(process.pid()));
            } catch (IOException e) {
                LOG.trace("{}: {}", group, e.toString());
            }
        }
        try {
            return found.size() == 1
                    ? Optional.of(MachineProcess.of(found.first()))
                    : Optional.empty();
        } catch (MachineException ended) {
            return Optional.empty();
        }
    }

    /// Kills what is left in the groups, then removes them. Idempotent.
    void remove() {
        var deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(REMOVAL_MILLIS);
        for (var group : folders()) {
            while (Files.isDirectory(group)) {
                try {
                    processes(group).forEach(ProcessHandle::destroyForcibly);
                    Files.deleteIfExists(group);
                } catch (IOException e) {
                    // A killed process leaves its groups a moment after it stops to run.
                    if (System.nanoTime() - deadline > 0 || !paused()) {
                        LOG.warn("failed to remove {}: {}", group, e.toString());
                        break;
                    }
                }
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

    private static boolean paused() {
        try {
            TimeUnit.MILLISECONDS.sleep(5);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
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
