package dev.monopod.host.machine;

import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.host.program.Program;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Writes the command that puts QEMU into its jail, by the program `monopod-jail` (`jail/`): a user
/// of its own without rights, namespaces of its own, no file of the host but those that the cell
/// names and what `/usr` ships, at the paths that they have on the host. Pure.
final class QemuJail {
    /// Numbers of the descriptors that a program in the jail finds open.
    static final int MONITOR = 3;

    static final int CHANNEL = 4;
    static final int TAP = 5;

    /// Of the files that the machine's memory begins with.
    static final int FIRST_FILE = 6;

    private final QemuConfiguration configuration;
    private final Accelerator accelerator;

    QemuJail(QemuConfiguration configuration, Accelerator accelerator) {
        this.configuration = configuration;
        this.accelerator = accelerator;
    }

    /// What one machine has beside the kernel and the initramfs.
    ///
    /// @param user number of its user and its group
    /// @param groups `cgroup.procs` files to join
    record Cell(
            MachineFiles files,
            long user,
            List<Path> groups,
            Optional<Tap> tap,
            QemuOrigin origin) {}

    /// @param networkNamespace name under /run/netns that holds the tap; without one the tap is
    ///   made in the jail's own, and leads nowhere
    record Tap(Optional<String> networkNamespace, String name) {}

    /// Starts QEMU in a session of its own and prints its process number; QEMU's words go to the
    /// machine's log.
    Program starting(Cell cell, Duration limit, List<String> qemu) {
        var files = cell.files();
        var line = common(cell);
        line.addAll(List.of("--log", files.log().path().toString()));
        line.addAll(List.of("--listen", files.qmp().toString()));
        line.addAll(List.of("--listen", files.channel().toString()));
        cell.tap()
                .ifPresent(tap -> {
                    tap.networkNamespace()
                            .ifPresent(
                                    name -> line.addAll(List.of("--netns", "/run/netns/" + name)));
                    line.addAll(List.of("--tap", tap.name()));
                });
        for (var file : cell.origin().opened()) {
            line.addAll(List.of("--open", file.toString()));
        }
        return program(line, limit, qemu);
    }

    /// Runs a program in the machine's jail to its end, without sockets and tap.
    Program running(Cell cell, Duration limit, List<String> command) {
        var line = common(cell);
        line.add("--wait");
        return program(line, limit, command);
    }

    private List<String> common(Cell cell) {
        var files = cell.files();
        var line = new ArrayList<String>();
        line.addAll(List.of(configuration.jail().toString(), "--user", Long.toString(cell.user())));
        line.addAll(List.of("--root", files.root().toString()));
        for (var group : cell.groups()) {
            line.addAll(List.of("--cgroup", group.toString()));
        }
        line.addAll(List.of("--read", configuration.kernel().toString()));
        line.addAll(List.of("--read", configuration.initramfs().toString()));
        line.addAll(List.of("--read", files.images().toString()));
        for (var file : cell.origin().shown()) {
            line.addAll(List.of("--read", file.toString()));
        }
        line.addAll(List.of("--write", files.scratch().toString()));
        switch (accelerator) {
            case KVM -> line.add("--kvm");
            case TCG -> {}
        }
        return line;
    }

    private static Program program(List<String> jail, Duration limit, List<String> command) {
        jail.add("--");
        jail.addAll(command);
        // The agent's environment may hold secrets, and QEMU is what a guest breaks into first.
        return Program.of(limit, jail).withEnvironment(new Program.Environment.Bare(Map.of()));
    }
}
