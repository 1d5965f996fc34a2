package dev.monopod.cli;

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
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/// What `doctor` prints and `up` insists on. Each probe tries the real thing where that is cheap,
/// and undoes it.
final class Probes {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final long GIBIBYTE = 1L << 30;
    private static final List<Integer> PORTS =
            List.of(Defaults.HEALTH_PORT, Defaults.AGENT_HEALTH_PORT, Defaults.WEBHOOK_PORT);
    private static final List<Integer> CONTROL_PLANE_PORTS =
            List.of(
                    Defaults.ETCD_PORT,
                    Defaults.ETCD_PEER_PORT,
                    Defaults.API_SERVER_PORT,
                    Defaults.CONTROLLER_MANAGER_PORT,
                    Defaults.SCHEDULER_PORT,
                    Defaults.DNS_HEALTH_PORT,
                    Defaults.DNS_READY_PORT);

    private static final String ACCELERATOR = "accelerator";
    private static final String EMULATED =
            "use a host with hardware (or nested) virtualization; until then machines are emulated: slow, and without QEMU's guarantee of isolation";

    private final Layout layout;
    private final boolean joins;

    /// @param joins the machine joins a cluster, so it runs no control plane
    Probes(Layout layout, boolean joins) {
        this.layout = layout;
        this.joins = joins;
    }

    /// All probes, in the order in which one would mend them.
    List<Probe> all() {
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
        found.add(accelerator());
        return found;
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static Probe root() {
        return isRoot()
                ? Probe.pass("root", "yes")
                : Probe.fail(
                        "root",
                        "no: user " + System.getProperty("user.name"),
                        "run monopod as root, for example with sudo");
    }

    private static Probe programs() {
        List<String> missing =
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
        return missing.isEmpty()
                ? Probe.pass("programs", "all there")
                : Probe.fail(
                        "programs",
                        "missing: " + String.join(", ", missing),
                        "apt-get install qemu-system-x86 nftables iproute2 squashfs-tools e2fsprogs util-linux conntrack (`monopod up` does it)");
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
        List<Path> missing =
                Stream.of(
                                layout.controlPlane(),
                                layout.dist().resolve("guest/vmlinuz"),
                                layout.dist().resolve("guest/initramfs.cpio.gz"))
                        .filter(file -> !Files.exists(file))
                        .toList();
        return missing.isEmpty()
                ? Probe.pass("build", layout.dist().toString())
                : Probe.warn("build", "not built: " + missing, "./monopod build");
    }

    private static Probe tun() {
        return Files.isReadable(Path.of("/dev/net/tun"))
                        && Files.isWritable(Path.of("/dev/net/tun"))
                ? Probe.pass("/dev/net/tun", "usable")
                : Probe.fail(
                        "/dev/net/tun",
                        "missing or not usable: machines can't have a network interface",
                        "modprobe tun; in a container: pass the device /dev/net/tun");
    }

    private static Probe networkNamespace() {
        String name = "monopod-probe-" + ProcessHandle.current().pid();
        Programs.Result made = Programs.run(LIMIT, "ip", "netns", "add", name);
        if (!made.succeeded()) {
            return Probe.fail(
                    "network namespaces",
                    made.lastLine(),
                    "run as root with CAP_SYS_ADMIN, on a kernel with CONFIG_NET_NS");
        }
        try {
            Programs.Result link =
                    Programs.run(
                            LIMIT, "ip", "-n", name, "link", "add", "name", "probe0", "type",
                            "veth", "peer", "name", "probe1");
            Programs.Result table =
                    Programs.run(
                            LIMIT,
                            "ip",
                            "netns",
                            "exec",
                            name,
                            "nft",
                            "add table ip probe; add chain ip probe n { type nat hook postrouting priority 100; }; add rule ip probe n masquerade");
            if (!link.succeeded()) {
                return Probe.fail(
                        "network namespaces", "no veth pair: " + link.lastLine(), "modprobe veth");
            }
            return table.succeeded()
                    ? Probe.pass("network namespaces", "namespace, veth, nft nat work")
                    : Probe.fail(
                            "network namespaces",
                            "no nftables inside one: " + table.lastLine(),
                            "modprobe nf_tables nft_chain_nat nft_masq");
        } finally {
            Programs.run(LIMIT, "ip", "netns", "delete", name);
        }
    }

    private static Probe nftables() {
        String table = "monopod_probe_" + ProcessHandle.current().pid();
        Programs.Result made =
                Programs.run(
                        LIMIT,
                        "nft",
                        "add table ip "
                                + table
                                + "; add chain ip "
                                + table
                                + " n { type nat hook postrouting priority 100; }; add rule ip "
                                + table
                                + " n ip saddr 192.0.2.0/24 masquerade");
        Programs.run(LIMIT, "nft", "delete", "table", "ip", table);
        return made.succeeded()
                ? Probe.pass("nftables", "nat works")
                : Probe.fail(
                        "nftables",
                        made.lastLine(),
                        "run as root, on a kernel with nf_tables and nat (modprobe nf_tables nft_chain_nat)");
    }

    private static Probe controlGroups() {
        Path root = Path.of("/sys/fs/cgroup");
        if (Files.exists(root.resolve("cgroup.controllers"))) {
            return Probe.pass("control groups", "v2");
        }
        return Files.isDirectory(root.resolve("cpu")) || Files.isDirectory(root.resolve("unified"))
                ? Probe.warn(
                        "control groups",
                        "v1 or hybrid: machines get no weight of their own on the host",
                        "boot with systemd.unified_cgroup_hierarchy=1")
                : Probe.warn(
                        "control groups",
                        "none is mounted",
                        "mount -t cgroup2 none /sys/fs/cgroup");
    }

    private static Probe memory() {
        try {
            long available =
                    Files.readAllLines(Path.of("/proc/meminfo")).stream()
                            .filter(line -> line.startsWith("MemAvailable:"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                            .findFirst()
                            .orElse(0);
            String detail = gibibytes(available) + " available";
            String fix =
                    "free some memory; control plane and agent need 1.5 GiB, each smallest pod 0.5 GiB";
            if (available < 2 * GIBIBYTE) {
                return Probe.fail("memory", detail, fix);
            }
            return available < 4 * GIBIBYTE
                    ? Probe.warn("memory", detail, fix)
                    : Probe.pass("memory", detail);
        } catch (IOException failure) {
            return Probe.warn("memory", "unknown: " + failure.getMessage(), "mount /proc");
        }
    }

    private Probe disk() {
        Path folder =
                Stream.iterate(layout.data(), Objects::nonNull, Path::getParent)
                        .filter(Files::exists)
                        .findFirst()
                        .orElse(Path.of("/"));
        try {
            long free = Files.getFileStore(folder).getUsableSpace();
            String detail = gibibytes(free) + " free for " + layout.data();
            String fix = "free some space, or choose another folder with --data-dir";
            if (free < 2 * GIBIBYTE) {
                return Probe.fail("disk", detail, fix);
            }
            return free < 10 * GIBIBYTE
                    ? Probe.warn("disk", detail, fix)
                    : Probe.pass("disk", detail);
        } catch (IOException failure) {
            return Probe.fail("disk", folder + ": " + failure.getMessage(), "choose --data-dir");
        }
    }

    private Probe ports() {
        if (new SupervisorClient(layout.supervisorSocket()).status().isPresent()) {
            return Probe.pass("ports", "Monopod runs");
        }
        List<String> taken = new ArrayList<>();
        List<Integer> wanted = new ArrayList<>(PORTS);
        if (!joins) {
            wanted.addAll(CONTROL_PLANE_PORTS);
        }
        for (int port : wanted) {
            try (ServerSocket socket = new ServerSocket()) {
                socket.setReuseAddress(true);
                boolean everywhere = port == Defaults.API_SERVER_PORT;
                socket.bind(
                        everywhere
                                ? new InetSocketAddress(port)
                                : new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            } catch (IOException busy) {
                taken.add(Integer.toString(port));
            }
        }
        return taken.isEmpty()
                ? Probe.pass("ports", "free")
                : Probe.fail(
                        "ports",
                        "taken: " + String.join(", ", taken),
                        "see who holds them: ss -ltnp '( sport = :%s )'"
                                .formatted(taken.getFirst()));
    }

    private Probe addresses() {
        String range = UpConfig.read(layout).map(UpConfig::vpcCidr).orElse(Defaults.VPC_CIDR);
        Cidr vpc = Cidr.parse(range);
        Optional<Cidr> clash = HostRoutes.ranges().stream().filter(vpc::overlaps).findFirst();
        return clash.map(other ->
                        Probe.warn(
                                "addresses",
                                "%s of the VPC overlaps this host's route %s"
                                        .formatted(range, other),
                                "`monopod up` takes the first free 10.x.0.0/16 instead, or name one by --vpc-cidr"))
                .orElseGet(() -> Probe.pass("addresses", range + " is free for the VPC"));
    }

    private Probe accelerator() {
        Path device = Path.of("/dev/kvm");
        if (!Files.exists(device)) {
            return Probe.warn(ACCELERATOR, "TCG: there is no /dev/kvm", EMULATED);
        }
        if (!Files.isReadable(device) || !Files.isWritable(device)) {
            return Probe.warn(
                    ACCELERATOR,
                    "TCG: /dev/kvm can't be opened",
                    "run as root, or join the group kvm");
        }
        if (!Files.exists(layout.dist().resolve("guest/vmlinuz"))) {
            return Probe.warn(
                    ACCELERATOR,
                    "/dev/kvm opens; no kernel is built to try it with",
                    "./monopod build");
        }
        return switch (boot()) {
            case KVM -> Probe.pass(ACCELERATOR, "KVM: a kernel boots");
            case TCG ->
                    Probe.warn(
                            ACCELERATOR,
                            "TCG: /dev/kvm opens, but no kernel boots under it",
                            EMULATED);
        };
    }

    /// As the agent asks, and with its memory of the answer if there is one: nothing is written
    /// into a folder that `up` has not made.
    private Hypervisor.Accelerator boot() {
        try {
            Path passing = Files.createTempDirectory("monopod-doctor");
            try {
                return new AcceleratorProbe(
                                new QemuConfiguration(
                                        layout.dist().resolve("guest/vmlinuz"),
                                        layout.dist().resolve("guest/initramfs.cpio.gz"),
                                        layout.ownsData() ? layout.data() : passing,
                                        layout.run(),
                                        QemuConfiguration.DEFAULT_JAIL_USER))
                        .accelerator();
            } finally {
                Files.deleteIfExists(passing.resolve("accelerator.json"));
                Files.deleteIfExists(passing);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static String gibibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f GiB", (double) bytes / GIBIBYTE);
    }
}
