package dev.monopod.host.network;

import dev.monopod.host.network.HostNetwork.Kubelet;
import dev.monopod.model.names.Defaults;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// The way through a VPC's router to the kubelets of its pods: a routing table that is asked for
/// their port alone, and leads to the host. A pod that it does not name, such as one of another
/// host, is found where it stands. The kernel holds all state.
final class KubeletRoutes {
    /// Number of the table, and the rule's place.
    private static final int TABLE = Defaults.KUBELET_PORT;

    private static final Pattern ROUTE =
            Pattern.compile(
                    "(?m)^([0-9.]+) via ([0-9.]+) dev eth0 table %d\\b.*$".formatted(TABLE));

    private final HostCommand command;

    KubeletRoutes(HostCommand command) {
        this.command = command;
    }

    /// Has the router ask the table.
    void ensureRule(String namespace) {
        var rules = command.run(List.of("ip", "-n", namespace, "rule", "show"), "");
        if (!rules.contains("lookup " + TABLE)) {
            command.ip(
                    namespace,
                    List.of(
                            "rule add priority %1$d ipproto tcp dport %2$d lookup %1$d"
                                    .formatted(TABLE, Defaults.KUBELET_PORT)));
        }
    }

    /// Brings the table to these.
    void route(String namespace, Collection<Kubelet> kubelets) {
        var wanted = new TreeSet<String>();
        kubelets.forEach(it -> wanted.add(route(it.pod(), it.hostAddress())));
        var present = new TreeSet<String>();
        // Asking for the table itself fails as long as it is empty.
        var matcher =
                ROUTE.matcher(
                        command.run(
                                List.of(
                                        "ip", "-4", "-n", namespace, "route", "show", "table",
                                        "all"),
                                ""));
        while (matcher.find()) {
            present.add(route(matcher.group(1), matcher.group(2)));
        }
        var lines = new ArrayList<String>();
        present.stream()
                .filter(it -> !wanted.contains(it))
                .forEach(it -> lines.add("route delete " + it));
        wanted.stream()
                .filter(it -> !present.contains(it))
                .forEach(it -> lines.add("route replace " + it));
        if (!lines.isEmpty()) {
            command.ip(namespace, lines);
        }
    }

    private static String route(String pod, String host) {
        return "%s/32 via %s dev eth0 table %d".formatted(pod, host, TABLE);
    }
}
