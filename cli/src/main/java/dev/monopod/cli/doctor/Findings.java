package dev.monopod.cli.doctor;

import dev.monopod.host.machine.Hypervisor.Accelerator;
import dev.monopod.model.network.Cidr;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// What each probe's measurement means for Monopod, and what helps. Pure.
final class Findings {
    private static final long GIBIBYTE = 1L << 30;
    static final String ACCELERATOR = "accelerator";
    private static final String EMULATED =
            "use a host with hardware (or nested) virtualization; until then machines are emulated: slow, and without QEMU's guarantee of isolation";

    private Findings() {}

    static Probe root(String user) {
        return user.equals("root")
                ? Probe.pass("root", "yes")
                : Probe.fail(
                        "root", "no: user " + user, "run monopod as root, for example with sudo");
    }

    static Probe programs(List<String> missing) {
        return missing.isEmpty()
                ? Probe.pass("programs", "all there")
                : Probe.fail(
                        "programs",
                        "missing: " + String.join(", ", missing),
                        "apt-get install qemu-system-x86 nftables iproute2 squashfs-tools e2fsprogs util-linux conntrack (`monopod up` does it)");
    }

    static Probe built(Path dist, List<Path> missing) {
        return missing.isEmpty()
                ? Probe.pass("build", dist.toString())
                : Probe.warn("build", "not built: " + missing, "./monopod build");
    }

    static Probe tun(boolean usable) {
        return usable
                ? Probe.pass("/dev/net/tun", "usable")
                : Probe.fail(
                        "/dev/net/tun",
                        "missing or not usable: machines cannot have a network interface",
                        "modprobe tun; in a container: pass the device /dev/net/tun");
    }

    /// @param link why no pair of links could be made in a namespace
    /// @param table why no nftables could be
    static Probe networkNamespaces(Optional<String> link, Optional<String> table) {
        var name = "network namespaces";
        if (link.isPresent()) {
            return Probe.fail(name, "no veth pair: " + link.get(), "modprobe veth");
        }
        return table.map(words ->
                        Probe.fail(
                                name,
                                "no nftables inside one: " + words,
                                "modprobe nf_tables nft_chain_nat nft_masq"))
                .orElseGet(() -> Probe.pass(name, "namespace, veth, nft nat work"));
    }

    static Probe nftables(Optional<String> trouble) {
        return trouble.map(words ->
                        Probe.fail(
                                "nftables",
                                words,
                                "run as root, on a kernel with nf_tables and nat (modprobe nf_tables nft_chain_nat)"))
                .orElseGet(() -> Probe.pass("nftables", "nat works"));
    }

    /// What of control groups is mounted.
    enum ControlGroups {
        V2,
        V1_OR_HYBRID,
        NONE
    }

    static Probe controlGroups(ControlGroups mounted) {
        var name = "control groups";
        return switch (mounted) {
            case V2 -> Probe.pass(name, "v2");
            case V1_OR_HYBRID ->
                    Probe.warn(
                            name,
                            "v1 or hybrid: machines get no weight of their own on the host",
                            "boot with systemd.unified_cgroup_hierarchy=1");
            case NONE ->
                    Probe.warn(name, "none is mounted", "mount -t cgroup2 none /sys/fs/cgroup");
        };
    }

    /// @param meminfo lines of `/proc/meminfo`
    static Probe memory(List<String> meminfo) {
        var available =
                meminfo.stream()
                        .filter(line -> line.startsWith("MemAvailable:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                        .findFirst()
                        .orElse(0);
        return room(
                "memory",
                new Room(available, 2, 4),
                gibibytes(available) + " available",
                "free some memory; control plane and agent need 1.5 GiB, each smallest pod 0.5 GiB");
    }

    static Probe disk(long free, Path folder) {
        return room(
                "disk",
                new Room(free, 2, 10),
                gibibytes(free) + " free for " + folder,
                "free some space, or choose another folder with --data-dir");
    }

    /// @param bytes that there are
    /// @param least GiB below which nothing works
    /// @param enough GiB from which on nobody has to think of it
    private record Room(long bytes, int least, int enough) {}

    private static Probe room(String name, Room room, String detail, String fix) {
        if (room.bytes() < room.least() * GIBIBYTE) {
            return Probe.fail(name, detail, fix);
        }
        return room.bytes() < room.enough() * GIBIBYTE
                ? Probe.warn(name, detail, fix)
                : Probe.pass(name, detail);
    }

    static Probe ports(List<Integer> taken) {
        return taken.isEmpty()
                ? Probe.pass("ports", "free")
                : Probe.fail(
                        "ports",
                        "taken: "
                                + taken.stream()
                                        .map(String::valueOf)
                                        .collect(Collectors.joining(", ")),
                        "see who holds them: ss -ltnp '( sport = :%d )'"
                                .formatted(taken.getFirst()));
    }

    /// @param routed ranges that the host routes itself
    static Probe addresses(Cidr vpc, List<Cidr> routed) {
        return routed.stream()
                .filter(vpc::overlaps)
                .findFirst()
                .map(other ->
                        Probe.warn(
                                "addresses",
                                "%s of the VPC overlaps this host's route %s".formatted(vpc, other),
                                "`monopod up` takes the first free 10.x.0.0/16 instead, or name one by --vpc-cidr"))
                .orElseGet(() -> Probe.pass("addresses", vpc + " is free for the VPC"));
    }

    /// What can be seen of KVM without a machine.
    enum Kvm {
        NO_DEVICE,
        NOT_USABLE,
        NO_KERNEL_TO_TRY,
        TO_BE_TRIED
    }

    /// @param boot asked only where it can be tried
    static Probe accelerator(Kvm kvm, Supplier<Accelerator> boot) {
        return switch (kvm) {
            case NO_DEVICE -> Probe.warn(ACCELERATOR, "TCG: there is no /dev/kvm", EMULATED);
            case NOT_USABLE ->
                    Probe.warn(
                            ACCELERATOR,
                            "TCG: /dev/kvm cannot be opened",
                            "run as root, or join the group kvm");
            case NO_KERNEL_TO_TRY ->
                    Probe.warn(
                            ACCELERATOR,
                            "/dev/kvm opens; no kernel is built to try it with",
                            "./monopod build");
            case TO_BE_TRIED ->
                    switch (boot.get()) {
                        case KVM -> Probe.pass(ACCELERATOR, "KVM: a kernel boots");
                        case TCG ->
                                Probe.warn(
                                        ACCELERATOR,
                                        "TCG: /dev/kvm opens, but no kernel boots under it",
                                        EMULATED);
                    };
        };
    }

    private static String gibibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f GiB", (double) bytes / GIBIBYTE);
    }
}
