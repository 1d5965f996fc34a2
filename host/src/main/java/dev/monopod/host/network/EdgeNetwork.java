package dev.monopod.host.network;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// The place of a VPC's load balancers on this host: a network namespace beside the VPC's router,
/// and the link between them. What a load balancer sends crosses the router, as what pods send
/// does, so the same rules hold for it. Idempotent; the kernel holds all state. One caller at a
/// time.
public final class EdgeNetwork {
    private static final String NAMESPACE_PREFIX = "monopod-lb-";
    private static final Path NAMESPACES = Path.of("/run/netns");

    /// The router's end of the link. Not `mp-`, which in a router means a pod.
    private static final String LINK = "lb0";

    private static final int MTU = 1500;
    private static final Pattern ADDRESS = Pattern.compile("\\binet ([0-9.]+)/32\\b");
    private static final Pattern ROUTE = Pattern.compile("(?m)^([0-9]+(?:\\.[0-9]+){3}) ");

    private final HostCommand command = HostCommand.ofThisHost();
    private final String namespace;
    private final String router;
    private final String routerAddress;

    /// @param cidr primary range of the VPC, whose router exists already
    public EdgeNetwork(String vpc, String cidr) {
        this.namespace = NAMESPACE_PREFIX + vpc;
        this.router = LinkNames.namespace(vpc);
        this.routerAddress = VpcRange.parse(cidr).address(VpcRange.ROUTER_OFFSET);
    }

    public String namespace() {
        return namespace;
    }

    /// Whether the VPC's router is there; without it nothing can be made.
    public boolean possible() {
        return Files.exists(NAMESPACES.resolve(router));
    }

    /// Makes or mends namespace and link.
    public void ensure() {
        if (!Files.exists(NAMESPACES.resolve(namespace))) {
            command.run(List.of("ip", "netns", "add", namespace), "");
        }
        var links = command.run(List.of("ip", "-n", router, "-o", "link", "show"), "");
        if (!links.contains(" " + LINK + "@")) {
            command.ip(
                    router,
                    List.of(
                            "link add %s mtu %d type veth peer name eth0 mtu %d netns %s"
                                    .formatted(LINK, MTU, MTU, namespace)));
        }
        command.settings(
                namespace,
                List.of(
                        // The load balancer has no capability, and its ports are below 1024.
                        "net/ipv4/ip_unprivileged_port_start=0",
                        // It may bind an address a moment before it is there.
                        "net/ipv4/ip_nonlocal_bind=1",
                        "net/ipv4/ip_local_port_range=15000 65000",
                        "net/ipv4/tcp_tw_reuse=1",
                        "net/ipv6/conf/all/disable_ipv6=1"));
        command.ip(router, List.of("link set %s up".formatted(LINK)));
        command.ip(
                namespace,
                List.of(
                        "link set lo up",
                        "link set eth0 up",
                        "route replace %s/32 dev eth0 scope link".formatted(routerAddress),
                        "route replace default via %s dev eth0".formatted(routerAddress)));
    }

    /// Brings the addresses of this namespace, and the routes to them, to these.
    public void serve(Collection<String> addresses) {
        var wanted = new TreeSet<>(addresses);
        var present =
                found(
                        ADDRESS,
                        command.run(
                                List.of("ip", "-n", namespace, "-4", "-o", "addr", "show", "lo"),
                                ""));
        var routed =
                found(
                        ROUTE,
                        command.run(List.of("ip", "-n", router, "route", "show", "dev", LINK), ""));
        change(namespace, "addr add %s/32 dev lo", wanted, present);
        change(namespace, "addr delete %s/32 dev lo", present, wanted);
        change(router, "route replace %s/32 dev " + LINK + " scope link", wanted, routed);
        change(router, "route delete %s/32 dev " + LINK, routed, wanted);
    }

    /// Takes all of it away.
    public void remove() {
        if (Files.exists(NAMESPACES.resolve(namespace))) {
            command.run(List.of("ip", "netns", "delete", namespace), "");
        }
    }

    /// Runs the command for each of the first that is not among the others.
    private void change(
            String namespace, String line, Collection<String> these, Collection<String> others) {
        List<String> lines = new ArrayList<>();
        for (var one : these) {
            if (!others.contains(one)) {
                lines.add(line.formatted(one));
            }
        }
        if (!lines.isEmpty()) {
            command.ip(namespace, lines);
        }
    }

    private static Collection<String> found(Pattern pattern, String output) {
        var found = new TreeSet<String>();
        var matcher = pattern.matcher(output);
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
    }
}
