package dev.monopod.host.network;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// [HostNetwork] by iproute2 and nftables: a VPC is a network namespace that routes; each pod hangs
/// on it by a routed tap (a /32 route, proxy ARP, no shared layer 2). The kernel holds all state,
/// so a new agent finds everything by name. Thread-safe: changes of VPCs are made one at a time,
/// and so are those of one tap; a program that hangs delays nobody else.
public final class LinuxHostNetwork implements HostNetwork {
    private static final int MTU = 1500;
    private static final Path NAMESPACES = Path.of("/run/netns");
    private static final Path LINKS = Path.of("/sys/class/net");
    private static final Path FORWARDING = Path.of("/proc/sys/net/ipv4/ip_forward");
    private static final Pattern TAP = Pattern.compile("\\bmp-[0-9a-f]{8}\\b");
    private static final Pattern POD =
            Pattern.compile("([0-9.]+) \\. ([0-9a-f:]+) \\. \"(mp-[0-9a-f]{8})\"");

    /// VPC and address of the pods whose kubelet answers.
    private volatile Set<String> answered = Set.of();

    private final HostCommand command;
    private final KubeletRoutes kubelets;
    private final Path memory;
    private final int podMtu;
    private final KeyedLocks taps = new KeyedLocks();
    private final Map<String, VpcNetwork> vpcs = new TreeMap<>();

    /// @param runDirectory keeps what the host's settings were before; emptied by a reboot, as the
    ///   settings are
    public LinuxHostNetwork(Path runDirectory) {
        this(runDirectory, MTU);
    }

    /// @param podMtu largest packet of a pod
    public LinuxHostNetwork(Path runDirectory, int podMtu) {
        this(runDirectory, podMtu, HostCommand.ofThisHost());
    }

    LinuxHostNetwork(Path runDirectory, int podMtu, HostCommand command) {
        this.command = command;
        this.kubelets = new KubeletRoutes(command);
        this.podMtu = podMtu;
        this.memory = runDirectory.resolve("host-ip-forward");
    }

    @Override
    public synchronized void ensureVpc(VpcNetwork vpc) {
        var namespace = LinkNames.namespace(vpc.name());
        var link = LinkNames.hostLink(vpc.name());
        var router = VpcRange.parse(vpc.cidrs().getFirst()).address(1);
        if (!Files.exists(NAMESPACES.resolve(namespace))) {
            command.run(List.of("ip", "netns", "add", namespace), "");
        }
        if (!Files.exists(LINKS.resolve(link))) {
            command.ip(
                    "",
                    List.of(
                            "link add %s mtu %d type veth peer name eth0 mtu %d netns %s"
                                    .formatted(link, MTU, MTU, namespace)));
        }
        rememberForwarding();
        command.settings("", List.of("net/ipv4/ip_forward=1"));
        command.settings(
                namespace,
                List.of(
                        "net/ipv4/ip_forward=1",
                        "net/ipv4/conf/default/proxy_arp=1",
                        "net/ipv4/conf/default/accept_redirects=0",
                        "net/ipv4/conf/all/accept_redirects=0",
                        "net/ipv4/conf/all/accept_source_route=0",
                        "net/ipv4/conf/all/send_redirects=0",
                        "net/ipv4/conf/default/send_redirects=0",
                        // A kubelet's answer comes from the host, with the address of a pod.
                        "net/ipv4/conf/all/rp_filter=0",
                        "net/ipv4/conf/eth0/rp_filter=0",
                        "net/ipv6/conf/default/disable_ipv6=1"));
        command.ip(
                namespace,
                List.of(
                        "link set lo up",
                        "link set eth0 up",
                        "addr replace %s/32 dev eth0".formatted(router),
                        "route replace %s/32 dev eth0 scope link".formatted(vpc.hostAddress()),
                        "route replace default via %s dev eth0 src %s"
                                .formatted(vpc.hostAddress(), router)));
        var routes = new ArrayList<String>();
        routes.add("link set %s up".formatted(link));
        routes.add("addr replace %s/32 dev %s".formatted(vpc.hostAddress(), link));
        routes.add("route replace %s/32 dev %s scope link".formatted(router, link));
        for (var range : vpc.ranges()) {
            routes.add(
                    "route replace %s via %s dev %s src %s"
                            .formatted(range, router, link, vpc.hostAddress()));
        }
        command.ip("", routes);
        command.nft(namespace, Ruleset.router(vpc));
        kubelets.ensureRule(namespace);
        vpcs.put(vpc.name(), vpc);
        command.nft("", Ruleset.host(vpcs.values()));
    }

    @Override
    public Attachment attach(PodInterface pod, Optional<OpenTap> opened) {
        try (var _ = taken(List.of(LinkNames.tap(pod.machineId())))) {
            return attached(pod, opened);
        }
    }

    /// Rule and link at once, since each is a process: the kernel takes a rule about a tap that is
    /// not there yet, and lets nothing through a tap without a rule.
    private Attachment attached(PodInterface pod, Optional<OpenTap> opened) {
        var namespace = LinkNames.namespace(pod.vpc());
        var tap = LinkNames.tap(pod.machineId());
        var rule = Ruleset.allow(pod.address(), pod.mac(), tap);
        try (var beside = Executors.newVirtualThreadPerTaskExecutor()) {
            var allowed = CompletableFuture.runAsync(() -> command.nft(namespace, rule), beside);
            link(pod, namespace, tap, opened);
            allowed.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof NetworkException told ? told : e;
        }
        return new Attachment(namespace, tap, podMtu);
    }

    private void link(PodInterface pod, String namespace, String tap, Optional<OpenTap> opened) {
        var lines = new ArrayList<String>();
        lines.add("link set %s mtu %d up".formatted(tap, podMtu));
        // A proxied ARP answer would else wait up to 0.8 s.
        lines.add("ntable change name arp_cache dev %s proxy_delay 0".formatted(tap));
        lines.add("route replace %s/32 dev %s scope link".formatted(pod.address(), tap));
        // Known, so that nobody's ARP can claim it and the first packet need not ask.
        lines.add(
                "neigh replace %s lladdr %s dev %s nud permanent"
                        .formatted(pod.address(), pod.mac(), tap));
        if (opened.isPresent()) {
            move(opened.get(), namespace, tap, lines);
            return;
        }
        if (!taps(namespace).contains(tap)) {
            // Root's, who opens it for the machine: a tap without an owner is anybody's.
            lines.addFirst("tuntap add dev %s mode tap user 0 group 0".formatted(tap));
        }
        command.ip(namespace, lines);
    }

    /// In one process for all steps. The name is freed first, of the tap of an earlier try: a tap
    /// that is moved to a name which is taken arrives all the same, under its own. Once moved it is
    /// down, and has no address.
    private void move(OpenTap opened, String namespace, String tap, List<String> lines) {
        var script =
                "ip -n \"$3\" link delete \"$4\" 2>/dev/null;"
                        + " nsenter --net=/proc/\"$1\"/ns/net"
                        + " ip link set dev \"$2\" netns \"$3\" name \"$4\""
                        + " && exec ip -n \"$3\" -batch -";
        var pid = Long.toString(opened.pid());
        command.run(
                List.of("sh", "-c", script, "sh", pid, opened.name(), namespace, tap),
                String.join("\n", lines) + "\n");
    }

    @Override
    public synchronized Optional<String> hostAddress(String vpc) {
        return Optional.ofNullable(vpcs.get(vpc)).map(VpcNetwork::hostAddress);
    }

    @Override
    public synchronized void serveKubelets(Collection<Kubelet> served) {
        command.nft("", Ruleset.kubelets(served));
        for (var namespace : namespaces()) {
            kubelets.route(
                    namespace,
                    served.stream()
                            .filter(it -> LinkNames.namespace(it.vpc()).equals(namespace))
                            .toList());
        }
        answered =
                served.stream()
                        .map(it -> answered(it.vpc(), it.pod()))
                        .collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public boolean servesKubelet(String vpc, String address) {
        return answered.contains(answered(vpc, address));
    }

    private static String answered(String vpc, String address) {
        return vpc + "/" + address;
    }

    @Override
    public void detach(String machineId) {
        var tap = LinkNames.tap(machineId);
        try (var _ = taken(List.of(tap))) {
            for (var namespace : namespaces()) {
                removeTaps(namespace, List.of(tap));
            }
        }
    }

    @Override
    public void retainOnly(Collection<String> machineIds) {
        var wanted = new HashSet<String>();
        machineIds.forEach(id -> wanted.add(LinkNames.tap(id)));
        for (var namespace : namespaces()) {
            var gone = taps(namespace).stream().filter(tap -> !wanted.contains(tap)).toList();
            try (var _ = taken(gone)) {
                removeTaps(namespace, gone);
            }
        }
    }

    @Override
    public Map<String, Traffic> traffic(Collection<String> machineIds) {
        var byTap = new HashMap<String, Traffic>();
        for (var namespace : namespaces()) {
            byTap.putAll(
                    DeviceCounters.parse(
                            command.run(
                                    List.of(
                                            "ip",
                                            "netns",
                                            "exec",
                                            namespace,
                                            "cat",
                                            "/proc/net/dev"),
                                    "")));
        }
        var traffic = new HashMap<String, Traffic>();
        for (var id : machineIds) {
            var found = byTap.get(LinkNames.tap(id));
            if (found != null) {
                traffic.put(id, found);
            }
        }
        return traffic;
    }

    @Override
    public synchronized void removeAll() {
        // Links first: a namespace takes its end of a link away at a time of its own.
        for (var link : names(LINKS, LinkNames.LINK_PREFIX)) {
            command.ip("", List.of("link delete " + link));
        }
        for (var namespace : namespaces()) {
            removeTaps(namespace, taps(namespace));
            command.run(List.of("ip", "netns", "delete", namespace), "");
        }
        for (var table : List.of(Ruleset.TABLE, FabricRules.TABLE)) {
            command.nft("", "table ip %1$s\ndelete table ip %1$s\n".formatted(table));
        }
        restoreForwarding();
        vpcs.clear();
    }

    private KeyedLocks.Held taken(Collection<String> names) {
        try {
            return taps.take(names);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NetworkException("interrupted while waiting for another change of " + names);
        }
    }

    private void removeTaps(String namespace, Collection<String> gone) {
        if (gone.isEmpty()) {
            return;
        }
        var rules = new StringBuilder();
        var allowed =
                command.shell(
                        namespace,
                        "nft list set ip " + Ruleset.TABLE + " pods 2>/dev/null || true");
        var forget = new ArrayList<String>();
        var matcher = POD.matcher(allowed);
        while (matcher.find()) {
            if (gone.contains(matcher.group(3))) {
                rules.append(
                        Ruleset.disallow(matcher.group(1), matcher.group(2), matcher.group(3)));
                forget.add(matcher.group(1));
            }
        }
        if (!rules.isEmpty()) {
            command.nft(namespace, rules.toString());
        }
        var present = taps(namespace);
        var lines = gone.stream().filter(present::contains).map(t -> "link delete " + t).toList();
        if (!lines.isEmpty()) {
            command.ip(namespace, lines);
        }
        forget.forEach(address -> forgetConnections(namespace, address));
    }

    /// A connection of a pod that is gone must not open the next one's door at the same address.
    private void forgetConnections(String namespace, String address) {
        for (var side : List.of("--orig-src", "--orig-dst", "--reply-src")) {
            command.shell(
                    namespace,
                    // It fails when there is none.
                    "conntrack --delete %s %s >/dev/null 2>&1 || true".formatted(side, address));
        }
    }

    private Collection<String> taps(String namespace) {
        var taps = new HashSet<String>();
        var matcher =
                TAP.matcher(command.run(List.of("ip", "-n", namespace, "-o", "link", "show"), ""));
        while (matcher.find()) {
            taps.add(matcher.group());
        }
        return taps;
    }

    private static List<String> namespaces() {
        return names(NAMESPACES, LinkNames.NAMESPACE_PREFIX);
    }

    private static List<String> names(Path directory, String prefix) {
        var names = new ArrayList<String>();
        if (!Files.isDirectory(directory)) {
            return names;
        }
        try (var entries = Files.newDirectoryStream(directory, prefix + "*")) {
            entries.forEach(entry -> names.add(entry.toFile().getName()));
        } catch (IOException e) {
            throw new NetworkException("cannot list " + directory + ": " + e.getMessage());
        }
        return names;
    }

    private void rememberForwarding() {
        try {
            if (!Files.exists(memory)) {
                Files.createDirectories(memory.toAbsolutePath().getParent());
                Files.writeString(memory, Files.readString(FORWARDING).strip());
            }
        } catch (IOException e) {
            throw new NetworkException("cannot write " + memory + ": " + e.getMessage());
        }
    }

    private void restoreForwarding() {
        try {
            if (Files.exists(memory) && Files.readString(memory).equals("0")) {
                command.settings("", List.of("net/ipv4/ip_forward=0"));
            }
            Files.deleteIfExists(memory);
        } catch (IOException e) {
            throw new NetworkException("cannot restore " + FORWARDING + ": " + e.getMessage());
        }
    }
}
