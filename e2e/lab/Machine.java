package dev.monopod.host.machine;

import dev.monopod.host.guest.GuestRehearsal;
import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.host.machine.Hypervisor.MachineConfiguration;
import dev.monopod.host.machine.QemuConfiguration.Clones;
import dev.monopod.host.machine.QemuHypervisor.Warm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Starts one machine under KVM by the package's own classes, without a cluster; prints its control
/// group and how long its guest took to answer, and ends it. In the lab's host, as root.
public final class Machine {
    private static final Path GROUPS = Path.of("/sys/fs/cgroup/monopod");
    private static final int TRIES = 6;

    private Machine() {}

    public static void main(String[] arguments) throws Exception {
        var folder = Files.createDirectories(Path.of("/var/lib/lab-machine"));
        var configuration =
                new QemuConfiguration(
                        Path.of(arguments[0]),
                        folder.resolve("data"),
                        Path.of("/run/lab-machine"),
                        Clones.OFF);
        var size = new MachineConfiguration("lab", 250, 512, 1L << 30, List.of(), Optional.empty());
        try (var hypervisor = new QemuHypervisor(configuration, Accelerator.KVM, Warm.NONE)) {
            var began = System.nanoTime();
            var machine = hypervisor.start(size);
            var group = GROUPS.resolve("lab");
            System.out.printf("machine of process %d after %d ms%n", machine.pid(), since(began));
            System.out.print(Files.readString(Path.of("/proc/" + machine.pid() + "/cgroup")));
            tell(group);
            await(machine.channel(), machine);
            System.out.printf("the guest answered after %d ms%n", since(began));
            tell(group);
            machine.destroy(Duration.ZERO);
            System.out.println("group afterwards: " + (Files.exists(group) ? "left" : "gone"));
        }
    }

    private static void await(Path channel, Hypervisor.VirtualMachine machine) throws IOException {
        for (var i = 1; ; i++) {
            try {
                new GuestRehearsal(Clock.systemUTC()).at(channel);
                return;
            } catch (IOException e) {
                System.out.println(e.getMessage());
                if (i == TRIES || !machine.alive()) {
                    System.out.println(machine.consoleTail());
                    machine.destroy(Duration.ZERO);
                    throw e;
                }
            }
        }
    }

    private static void tell(Path group) throws IOException {
        for (var file :
                List.of(
                        "cpu.weight",
                        "cpu.max",
                        "cpu.stat",
                        "memory.max",
                        "memory.current",
                        "pids.max",
                        "pids.current")) {
            var lines = Files.readAllLines(group.resolve(file));
            System.out.println("  " + file + " " + lines.getFirst());
        }
        System.out.println(
                "  subtree_control of / "
                        + Files.readString(GROUPS.resolveSibling("cgroup.subtree_control")).strip()
                        + ", of monopod "
                        + Files.readString(GROUPS.resolve("cgroup.subtree_control")).strip());
    }

    private static long since(long began) {
        return Duration.ofNanos(System.nanoTime() - began).toMillis();
    }
}
