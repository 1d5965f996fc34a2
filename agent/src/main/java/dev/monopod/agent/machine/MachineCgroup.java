package dev.monopod.agent.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The control group `monopod/ID` of one machine, in cgroup v2 or, on older hosts, in the v1
/// hierarchies. It bounds QEMU from outside whatever the guest does. A host without usable cgroups
/// is told of once, and served.
final class MachineCgroup {
    private static final Logger LOG = LoggerFactory.getLogger(MachineCgroup.class);
    private static final Path ROOT = Path.of("/sys/fs/cgroup");
    private static final String PARENT = "monopod";

    /// QEMU's own memory beside the guest's: code, device buffers, translated code of TCG.
    private static final long MONITOR_MEBIBYTES = 256;

    private static final int ATTEMPTS = 100;
    private static final long ATTEMPT_MILLIS = 20;
    private static final int MOST_PROCESSES = 64;

    private final String id;

    MachineCgroup(String id) {
        this.id = id;
    }

    /// Makes the groups and returns their `cgroup.procs` files.
    List<Path> make(long milliCpu, long memoryMebiBytes) {
        var memory = (memoryMebiBytes + MONITOR_MEBIBYTES) << 20;
        try {
            if (Files.exists(ROOT.resolve("cgroup.controllers"))) {
                var parent = Files.createDirectories(ROOT.resolve(PARENT));
                Files.writeString(ROOT.resolve("cgroup.subtree_control"), "+cpu +memory +pids");
                Files.writeString(parent.resolve("cgroup.subtree_control"), "+cpu +memory +pids");
                var group = Files.createDirectories(parent.resolve(id));
                Files.writeString(group.resolve("memory.max"), Long.toString(memory));
                Files.writeString(group.resolve("cpu.weight"), Long.toString(weight(milliCpu)));
                Files.writeString(group.resolve("pids.max"), Integer.toString(MOST_PROCESSES));
                return List.of(group.resolve("cgroup.procs"));
            }
            var groups = folders();
            for (var group : groups) {
                Files.createDirectories(group);
            }
            write(groups, "memory.limit_in_bytes", Long.toString(memory));
            write(groups, "cpu.shares", Long.toString(Math.max(2, milliCpu * 1024 / 1000)));
            write(groups, "pids.max", Integer.toString(MOST_PROCESSES));
            return groups.stream().map(group -> group.resolve("cgroup.procs")).toList();
        } catch (IOException e) {
            LOG.warn("machine {} runs without a cgroup: {}", id, e.toString());
            return List.of();
        }
    }

    /// Removes the groups; they must hold no process any more. Idempotent.
    void remove() {
        for (var group : folders()) {
            remove(group);
        }
    }

    /// A process that was killed a moment ago stays in its group until the kernel is done with it.
    private static void remove(Path group) {
        for (var attempt = 1; ; attempt++) {
            try {
                Files.deleteIfExists(group);
                return;
            } catch (IOException e) {
                if (attempt == ATTEMPTS) {
                    LOG.warn("can't remove {}: {}", group, e.toString());
                    return;
                }
            }
            try {
                TimeUnit.MILLISECONDS.sleep(ATTEMPT_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private List<Path> folders() {
        if (Files.exists(ROOT.resolve("cgroup.controllers"))) {
            return List.of(ROOT.resolve(PARENT).resolve(id));
        }
        return List.of("cpu", "memory", "pids").stream()
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

    private static long weight(long milliCpu) {
        return Math.clamp(milliCpu / 10, 1, 10_000);
    }
}
