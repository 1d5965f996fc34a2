package dev.monopod.host.network;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;

/// The links between this host's routers and those of other hosts: in each VPC's namespace one
/// VXLAN device, whose frames travel in the host's own namespace, where it was made. It learns
/// nothing and asks nobody: who is where stands in fixed routes, neighbours and forwarding entries.
/// Idempotent; the kernel holds all state. One caller at a time.
public final class FabricNetwork {
    /// Not `mp-`, which in a router means a pod.
    static final String LINK = "vx0";

    /// Its name until it is in the VPC's namespace.
    private static final String MAKING = LinkNames.LINK_PREFIX + "vxlan";

    private static final Pattern ROUTE =
            Pattern.compile("(?m)^([0-9.]+) via ([0-9.]+)(?: dev \\S+)?.*$");
    private static final Pattern NEIGHBOUR =
            Pattern.compile("(?m)^([0-9.]+)(?: dev \\S+)? lladdr ([0-9a-f:]+).*$");
    private static final Pattern FORWARD =
            Pattern.compile("(?m)^([0-9a-f:]{17}) (?:dev \\S+ )?dst ([0-9.]+).*$");

    private final HostCommand command = HostCommand.ofThisHost();

    /// Brings the kernel to what these say. VPCs that are not among them stay as they are.
    ///
    /// @throws NetworkException when the kernel refuses one; those before it are done
    public void apply(Collection<Fabric> fabrics) {
        command.nft("", FabricRules.host(fabrics));
        for (var fabric : fabrics) {
            var namespace = LinkNames.namespace(fabric.vpc());
            if (fabric.peers().isEmpty() && !links(namespace).contains(" " + LINK + "@")) {
                continue;
            }
            ensureLink(namespace, fabric);
            command.nft(namespace, FabricRules.router(fabric));
            entries(namespace, fabric);
        }
    }

    private void ensureLink(String namespace, Fabric fabric) {
        var present =
                links(namespace)
                        .lines()
                        .filter(line -> line.contains(" " + LINK + "@"))
                        .findFirst();
        var wanted =
                " vxlan id %d local %s srcport 0 0 dstport %d "
                        .formatted(fabric.id(), fabric.self().address(), Fabric.PORT);
        if (present.isPresent() && !present.get().contains(wanted)) {
            command.ip(namespace, List.of("link delete " + LINK));
        }
        if (present.isEmpty() || !present.get().contains(wanted)) {
            make(namespace, fabric);
        }
        command.ip(
                namespace,
                List.of("link set %s mtu %d up".formatted(LINK, fabric.self().podMtu())));
    }

    private String links(String namespace) {
        return command.run(List.of("ip", "-n", namespace, "-d", "-o", "link", "show"), "");
    }

    private void make(String namespace, Fabric fabric) {
        // One that a killed agent left half made.
        if (command.run(List.of("ip", "-o", "link", "show"), "").contains(" " + MAKING + ":")) {
            command.ip("", List.of("link delete " + MAKING));
        }
        command.ip(
                "",
                List.of(
                        "link add %s address %s type vxlan id %d local %s dstport %d nolearning"
                                .formatted(
                                        MAKING,
                                        Fabric.mac(fabric.self().address()),
                                        fabric.id(),
                                        fabric.self().address(),
                                        Fabric.PORT),
                        "link set %s netns %s name %s".formatted(MAKING, namespace, LINK)));
        command.settings(namespace, List.of("net/ipv4/conf/%s/proxy_arp=0".formatted(LINK)));
    }

    /// A host is a neighbour by its underlay address, which is no address of the VPC and stands
    /// only for its hardware address; what it carries is routed by that neighbour.
    private void entries(String namespace, Fabric fabric) {
        var routes = new TreeSet<String>();
        var neighbours = new TreeSet<String>();
        var forwards = new TreeSet<String>();
        for (var peer : fabric.peers()) {
            var mac = Fabric.mac(peer.underlay());
            neighbours.add("%s lladdr %s dev %s".formatted(peer.underlay(), mac, LINK));
            forwards.add("%s dev %s dst %s".formatted(mac, LINK, peer.underlay()));
            peer.addresses()
                    .forEach(address ->
                            routes.add(
                                    "%s via %s dev %s".formatted(address, peer.underlay(), LINK)));
        }
        var oldRoutes =
                found(
                        ROUTE,
                        List.of("ip", "-n", namespace, "route", "show", "dev", LINK),
                        "%s via %s dev " + LINK);
        var oldNeighbours =
                found(
                        NEIGHBOUR,
                        List.of(
                                "ip",
                                "-n",
                                namespace,
                                "neighbour",
                                "show",
                                "dev",
                                LINK,
                                "nud",
                                "permanent"),
                        "%s lladdr %s dev " + LINK);
        var oldForwards =
                found(
                        FORWARD,
                        List.of("bridge", "-n", namespace, "fdb", "show", "dev", LINK),
                        "%s dev " + LINK + " dst %s");
        var lines = new ArrayList<String>();
        // The way to a host before what is sent along it, and away after it.
        change(
                neighbours,
                oldNeighbours,
                it -> "neighbour replace " + it + " nud permanent",
                lines);
        change(oldRoutes, routes, it -> "route delete " + it, lines);
        change(routes, oldRoutes, it -> "route replace " + it + " onlink", lines);
        change(oldNeighbours, neighbours, it -> "neighbour delete " + it, lines);
        bridge(namespace, forwards, oldForwards, "replace", " self permanent");
        if (!lines.isEmpty()) {
            command.ip(namespace, lines);
        }
        bridge(namespace, oldForwards, forwards, "delete", " self");
    }

    private void bridge(
            String namespace,
            Collection<String> these,
            Collection<String> others,
            String verb,
            String end) {
        var lines = new ArrayList<String>();
        change(these, others, it -> "fdb " + verb + " " + it + end, lines);
        if (!lines.isEmpty()) {
            command.run(
                    List.of("bridge", "-n", namespace, "-batch", "-"),
                    String.join("\n", lines) + "\n");
        }
    }

    /// Adds the command for each of the first that is not among the others.
    private static void change(
            Collection<String> these,
            Collection<String> others,
            Function<String, String> line,
            List<String> lines) {
        these.stream().filter(it -> !others.contains(it)).map(line).forEach(lines::add);
    }

    private Collection<String> found(Pattern pattern, List<String> line, String form) {
        var found = new TreeSet<String>();
        var matcher = pattern.matcher(command.run(line, ""));
        while (matcher.find()) {
            found.add(form.formatted(matcher.group(1), matcher.group(2)));
        }
        return found;
    }
}
