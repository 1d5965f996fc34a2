package dev.monopod.cli.doctor;

import dev.monopod.cli.installation.Commands;
import dev.monopod.cli.installation.HostRoutes;
import dev.monopod.cli.installation.Installation;
import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.installation.SupervisorClient;
import dev.monopod.host.machine.AcceleratorProbe;
import dev.monopod.host.machine.Hypervisor;
import dev.monopod.host.machine.QemuConfiguration;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.network.Cidr;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/// What `doctor` prints and `up` insists on. Each probe tries the real thing where that is cheap,
/// and undoes it.
final class Probes {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final List<Integer> PORTS =
            List.of(
                    Defaults.HEALTH_PORT,
                    Defaults.AGENT_HEALTH_PORT,
                    Defaults.WEBHOOK_PORT,
                    Defaults.EKS_PORT,
                    Defaults.EKS_AUTH_PORT);
    private static final List<Integer> CONTROL_PLANE_PORTS =
            List.of(
                    Defaults.ETCD_PORT,
                    Defaults.ETCD_PEER_PORT,
                    Defaults.API_SERVER_PORT,
                    Defaults.CONTROLLER_MANAGER_PORT,
                    Defaults.SCHEDULER_PORT,
                    Defaults.DNS_HEALTH_PORT,
                    Defaults.DNS_READY_PORT);

    private final Layout layout;
    private final Preflight.Role role;

    Probes(Layout layout, Preflight.Role role) {
        this.layout = layout;
        this.role = role;
    }

    /// All probes, in the order in which one would mend them.
    List<Probe> all() {
        var found = required();
        found.add(accelerator());
        return found;
    }

    /// Those that can fail.
    List<Probe> required() {
        List<Probe> found = new ArrayList<>();
        found.add(root());
        found.add(programs());
        found.add(java());
        found.add(built());
        found.add(tun());
        found.add(networkNamespace());
        found.add(nftables());
        found.add(controlGroups());
        found.add(memory());
        found.add(disk());
        found.add(ports());
        found.add(addresses());
        return found;
    }

    private static Probe root() {
        return Findings.root(System.getProperty("user.name"));
    }

    private static Probe programs() {
        var missing =
                Stream.of(
                                "qemu-system-x86_64",
                                "nft",
                                "ip",
                                "sqfstar",
                                "mke2fs",
                                "setpriv",
                                "conntrack")
                        .filter(program -> find(program).isEmpty())
                        .toList();
        return Findings.programs(missing);
    }

    private static Optional<Path> find(String program) {
        return Stream.of((System.getenv("PATH") + ":/usr/sbin:/sbin").split(":", -1))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static Probe java() {
        return Probe.pass("Java", Runtime.version().toString());
    }

    private Probe built() {
        var missing =
                Stream.of(
                                layout.controlPlane(),
                                layout.dist().resolve("guest/vmlinuz"),
                                layout.dist().resolve("guest/initramfs.cpio.gz"))
                        .filter(file -> !Files.exists(file))
                        .toList();
        return Findings.built(layout.dist(), missing);
    }

    private static Probe tun() {
        var device = Path.of("/dev/net/tun");
        return Findings.tun(Files.isReadable(device) && Files.isWritable(device));
    }

    private static Probe networkNamespace() {
        var name = "monopod-probe-" + ProcessHandle.current().pid();
        var trouble = Commands.trouble(LIMIT, "ip", "netns", "add", name);
        if (trouble.isPresent()) {
            return Probe.fail(
                    "network namespaces",
                    trouble.get(),
                    "run as root with CAP_SYS_ADMIN, on a kernel with CONFIG_NET_NS");
        }
        try {
            var link =
                    Commands.trouble(
                            LIMIT, "ip", "-n", name, "link", "add", "name", "probe0", "type",
                            "veth", "peer", "name", "probe1");
            var table =
                    Commands.trouble(
                            LIMIT,
                            "ip",
                            "netns",
                            "exec",
                            name,
                            "nft",
                            "add table ip probe; add chain ip probe n { type nat hook postrouting priority 100; }; add rule ip probe n masquerade");
            return Findings.networkNamespaces(link, table);
        } finally {
            Commands.trouble(LIMIT, "ip", "netns", "delete", name);
        }
    }

    private static Probe nftables() {
        var table = "monopod_probe_" + ProcessHandle.current().pid();
        var trouble =
                Commands.trouble(
                        LIMIT,
                        "nft",
                        "add table ip "
                                + table
                                + "; add chain ip "
                                + table
                                + " n { type nat hook postrouting priority 100; }; add rule ip "
                                + table
                                + " n ip saddr 192.0.2.0/24 masquerade");
        Commands.trouble(LIMIT, "nft", "delete", "table", "ip", table);
        return Findings.nftables(trouble);
    }

    private static Probe controlGroups() {
        var root = Path.of("/sys/fs/cgroup");
        if (Files.exists(root.resolve("cgroup.controllers"))) {
            return Findings.controlGroups(Findings.ControlGroups.V2);
        }
        return Findings.controlGroups(
                Files.isDirectory(root.resolve("cpu")) || Files.isDirectory(root.resolve("unified"))
                        ? Findings.ControlGroups.V1_OR_HYBRID
                        : Findings.ControlGroups.NONE);
    }

    private static Probe memory() {
        try {
            return Findings.memory(Files.readAllLines(Path.of("/proc/meminfo")));
        } catch (IOException failure) {
            return Probe.warn("memory", "unknown: " + failure.getMessage(), "mount /proc");
        }
    }

    private Probe disk() {
        var folder =
                Stream.iterate(layout.data(), Objects::nonNull, Path::getParent)
                        .filter(Files::exists)
                        .findFirst()
                        .orElse(Path.of("/"));
        try {
            return Findings.disk(Files.getFileStore(folder).getUsableSpace(), layout.data());
        } catch (IOException failure) {
            return Probe.fail("disk", folder + ": " + failure.getMessage(), "choose --data-dir");
        }
    }

    private Probe ports() {
        if (new SupervisorClient(layout.supervisorSocket()).status().isPresent()) {
            return Probe.pass("ports", "Monopod runs");
        }
        List<Integer> taken = new ArrayList<>();
        List<Integer> wanted = new ArrayList<>(PORTS);
        if (role == Preflight.Role.CONTROL_PLANE) {
            wanted.addAll(CONTROL_PLANE_PORTS);
        }
        for (int port : wanted) {
            try (var socket = new ServerSocket()) {
                socket.setReuseAddress(true);
                var everywhere = port == Defaults.API_SERVER_PORT;
                socket.bind(
                        everywhere
                                ? new InetSocketAddress(port)
                                : new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            } catch (IOException busy) {
                taken.add(port);
            }
        }
        return Findings.ports(taken);
    }

    private Probe addresses() {
        return Findings.addresses(
                Installation.read(layout)
                        .map(it -> it.network().range())
                        .orElse(Cidr.parse(Defaults.VPC_CIDR)),
                HostRoutes.ranges());
    }

    Probe accelerator() {
        return Findings.accelerator(kvm(), this::boot);
    }

    private Findings.Kvm kvm() {
        var device = Path.of("/dev/kvm");
        if (!Files.exists(device)) {
            return Findings.Kvm.NO_DEVICE;
        }
        if (!Files.isReadable(device) || !Files.isWritable(device)) {
            return Findings.Kvm.NOT_USABLE;
        }
        return Files.exists(layout.dist().resolve("guest/vmlinuz"))
                ? Findings.Kvm.TO_BE_TRIED
                : Findings.Kvm.NO_KERNEL_TO_TRY;
    }

    /// As the agent asks, and with its memory of the answer if there is one: nothing is written
    /// into a folder that `up` has not made.
    private Hypervisor.Accelerator boot() {
        try {
            var passing = Files.createTempDirectory("monopod-doctor");
            try {
                return new AcceleratorProbe(
                                new QemuConfiguration(
                                        layout.dist().resolve("guest"),
                                        layout.ownsData() ? layout.data() : passing,
                                        layout.run(),
                                        QemuConfiguration.Clones.OFF))
                        .accelerator();
            } finally {
                Files.deleteIfExists(passing.resolve("accelerator.json"));
                Files.deleteIfExists(passing.resolve("machines"));
                Files.deleteIfExists(passing);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
