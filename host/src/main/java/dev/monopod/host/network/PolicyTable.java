package dev.monopod.host.network;

import dev.monopod.model.names.Defaults;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.network.Firewall;
import dev.monopod.model.network.Firewall.Chain;
import dev.monopod.model.network.Firewall.Line;
import dev.monopod.model.network.Firewall.Match;
import dev.monopod.model.network.Firewall.Test;
import dev.monopod.model.network.RuleSet.Direction;
import dev.monopod.model.network.Spans;
import dev.monopod.model.network.Traffic;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Writes a [Firewall] as an nft table of a VPC's router, whole or as the change from another.
/// Pure.
///
/// Packets are seen when they are forwarded: after kube-proxy has put a pod's address in the place
/// of a Service's, and before any source address is changed. What belongs to a connection that was
/// let in passes first, so a rule that goes cuts no connection, as in a VPC of AWS. Each of five
/// maps sends a packet through one chain of the pod, whose rules return what may pass; what returns
/// from all has been allowed by all. What goes to a pod's kubelet, which is the agent on this host,
/// is judged by the rules of its sender only. What asks the agent for credentials at its link-local
/// address is not judged, as no link-local address is in a VPC of AWS.
final class PolicyTable {
    static final String TABLE = "monopod_policy";
    private static final String GUARDED = "guarded";
    private static final String SELVES = "selves";
    private static final String NAMED_PORT = "ipv4_addr . inet_proto . inet_service";

    private PolicyTable() {}

    /// Replaces the table, or makes it, in one transaction.
    static String whole(Firewall firewall) {
        var script = new StringBuilder();
        script.append(base());
        append(Firewall.EMPTY, firewall, script);
        return script.toString();
    }

    /// Turns the table of `before` into that of `after`; empty if they are the same.
    static String change(Firewall before, Firewall after) {
        var script = new StringBuilder();
        append(before, after, script);
        return script.toString();
    }

    private static String base() {
        return """
        table ip %1$s
        delete table ip %1$s
        table ip %1$s {
          set guarded { type ipv4_addr; }
          set selves { type ipv4_addr . ipv4_addr; }
          map policy_in { type ipv4_addr : verdict; }
          map policy_out { type ipv4_addr : verdict; }
          map route_out { type ipv4_addr : verdict; }
          map group_in { type ipv4_addr : verdict; }
          map group_out { type ipv4_addr : verdict; }
          chain forward {
            type filter hook forward priority filter; policy accept;
            ct state established,related accept
            iifname "mp-*" ip saddr != @guarded counter drop comment "a pod without rules yet"
            oifname "mp-*" ip daddr != @guarded counter drop comment "a pod without rules yet"
            ct status dnat ct original ip daddr %3$s accept comment "for credentials, to the agent"
            ip saddr . ip daddr @selves accept comment "to itself by way of a Service"
            ip saddr vmap @policy_out
            ip saddr vmap @group_out
            ip saddr vmap @route_out
            oifname "eth0" tcp dport %2$d accept comment "to a kubelet, which the pod is not"
            ip daddr vmap @policy_in
            ip daddr vmap @group_in
          }
          chain postrouting {
            type nat hook postrouting priority 110; policy accept;
            ct status dnat ip saddr . ip daddr @selves masquerade comment "else it would answer itself"
          }
        }
        """
                .formatted(TABLE, Defaults.KUBELET_PORT, Defaults.POD_IDENTITY_ADDRESS);
    }

    private static void append(Firewall before, Firewall after, StringBuilder script) {
        // What is referred to comes before what refers to it, and goes after it.
        after.sets().keySet().stream()
                .filter(name -> !before.sets().containsKey(name))
                .forEach(name -> declare(name, "type ipv4_addr;", script));
        after.ports().keySet().stream()
                .filter(name -> !before.ports().containsKey(name))
                .forEach(name -> declare(name, "type " + NAMED_PORT + ";", script));
        // These never change: another content has another name.
        after.ranges()
                .forEach((name, ranges) -> {
                    if (!before.ranges().containsKey(name)) {
                        declare(
                                name,
                                "type ipv4_addr; flags interval;" + filled(ranges(ranges)),
                                script);
                    }
                });
        after.services()
                .forEach((name, services) -> {
                    if (!before.services().containsKey(name)) {
                        declare(
                                name,
                                "type inet_proto . inet_service; flags interval;"
                                        + filled(services(services)),
                                script);
                    }
                });
        after.sets().forEach((name, now) -> elements(name, before.sets().get(name), now, script));
        after.ports().forEach((name, now) -> elements(name, before.ports().get(name), now, script));
        chains(before, after, script);
        bindings(before, after, script);
        for (var name : before.chains().keySet()) {
            if (!after.chains().containsKey(name)) {
                script.append("flush chain ip %s %s\n".formatted(TABLE, name));
                script.append("delete chain ip %s %s\n".formatted(TABLE, name));
            }
        }
        remove(before.sets().keySet(), after.sets().keySet(), script);
        remove(before.ranges().keySet(), after.ranges().keySet(), script);
        remove(before.services().keySet(), after.services().keySet(), script);
        remove(before.ports().keySet(), after.ports().keySet(), script);
    }

    private static void declare(String name, String content, StringBuilder script) {
        script.append("add set ip %s %s { %s }\n".formatted(TABLE, name, content));
    }

    private static String filled(Stream<String> elements) {
        var joined = elements.collect(Collectors.joining(", "));
        return joined.isEmpty() ? "" : " elements = { " + joined + " };";
    }

    private static Stream<String> ranges(Spans ranges) {
        return ranges.all().stream()
                .map(span ->
                        Cidr.text(span.first())
                                + (span.first() == span.last()
                                        ? ""
                                        : "-" + Cidr.text(span.last())));
    }

    private static Stream<String> services(Map<Traffic.Protocol, Spans> services) {
        return services.entrySet().stream()
                .flatMap(each ->
                        each.getValue().all().stream()
                                .map(span ->
                                        text(each.getKey())
                                                + " . "
                                                + span.first()
                                                + (span.first() == span.last()
                                                        ? ""
                                                        : "-" + span.last())));
    }

    private static void remove(Set<String> before, Set<String> after, StringBuilder script) {
        before.stream()
                .filter(name -> !after.contains(name))
                .forEach(name -> script.append("delete set ip %s %s\n".formatted(TABLE, name)));
    }

    private static void elements(
            String set, @Nullable Set<String> before, Set<String> after, StringBuilder script) {
        var known = before == null ? Set.<String>of() : before;
        element("delete", set, known.stream().filter(e -> !after.contains(e)).toList(), script);
        element("add", set, after.stream().filter(e -> !known.contains(e)).toList(), script);
    }

    private static void element(
            String verb, String set, Collection<String> elements, StringBuilder script) {
        if (!elements.isEmpty()) {
            script.append(
                    "%s element ip %s %s { %s }\n"
                            .formatted(verb, TABLE, set, String.join(", ", elements)));
        }
    }

    private static void chains(Firewall before, Firewall after, StringBuilder script) {
        after.chains()
                .forEach((name, chain) -> {
                    var old = before.chains().get(name);
                    if (old == null) {
                        script.append("add chain ip %s %s\n".formatted(TABLE, name));
                    } else if (!old.equals(chain)) {
                        script.append("flush chain ip %s %s\n".formatted(TABLE, name));
                    }
                    if (!chain.equals(old)) {
                        rules(name, chain, script);
                    }
                });
    }

    private static void rules(String name, Chain chain, StringBuilder script) {
        for (var line : chain.lines()) {
            script.append(
                    "add rule ip %s %s %sreturn comment \"%s\"\n"
                            .formatted(
                                    TABLE,
                                    name,
                                    match(chain.direction(), line) + test(line.test()),
                                    comment(line.label())));
        }
        script.append(
                "add rule ip %s %s counter drop comment \"%s\"\n"
                        .formatted(TABLE, name, comment("not allowed by " + chain.owners())));
    }

    private static String match(Direction direction, Line line) {
        var other = direction == Direction.INGRESS ? "ip saddr " : "ip daddr ";
        return switch (line.match()) {
            case Match.Any() -> "";
            case Match.In(String set) -> other + "@" + set + " ";
            case Match.Within(String ranges) -> other + "@" + ranges + " ";
        };
    }

    private static String test(Test test) {
        return switch (test) {
            case Test.Any() -> "";
            case Test.Service(String services) -> "meta l4proto . th dport @" + services + " ";
            case Test.Named(String set) -> "ip daddr . meta l4proto . th dport @" + set + " ";
            case Test.Message(Traffic.Icmp(int type, int code)) ->
                    type == Traffic.Icmp.ANY
                            ? "ip protocol icmp "
                            : "icmp type "
                                    + type
                                    + (code == Traffic.Icmp.ANY ? " " : " icmp code " + code + " ");
        };
    }

    private static String text(Traffic.Protocol protocol) {
        return protocol.name().toLowerCase(Locale.ROOT);
    }

    /// Users write descriptions; nft takes 127 bytes and no quotes.
    private static String comment(String text) {
        var plain = text.replaceAll("[^ -~]|[\"\\\\]", "?");
        return plain.length() <= 120 ? plain : plain.substring(0, 117) + "...";
    }

    private static void bindings(Firewall before, Firewall after, StringBuilder script) {
        for (var direction : Direction.values()) {
            var suffix = direction == Direction.INGRESS ? "in" : "out";
            verdicts(
                    "policy_" + suffix,
                    targets(before, pod -> pod.policy(), direction),
                    targets(after, pod -> pod.policy(), direction),
                    script);
            verdicts(
                    "group_" + suffix,
                    targets(before, pod -> pod.groups(), direction),
                    targets(after, pod -> pod.groups(), direction),
                    script);
        }
        verdicts(
                "route_out",
                targets(before, pod -> pod.routes(), Direction.EGRESS),
                targets(after, pod -> pod.routes(), Direction.EGRESS),
                script);
        elements(SELVES, selves(before), selves(after), script);
        elements(GUARDED, before.pods().keySet(), after.pods().keySet(), script);
    }

    private static Map<String, String> targets(
            Firewall firewall,
            Function<Firewall.Bindings, Map<Direction, String>> kind,
            Direction direction) {
        return firewall.pods().entrySet().stream()
                .filter(pod -> kind.apply(pod.getValue()).containsKey(direction))
                .collect(
                        Collectors.toMap(
                                Map.Entry::getKey,
                                pod -> kind.apply(pod.getValue()).get(direction)));
    }

    private static Set<String> selves(Firewall firewall) {
        return firewall.pods().keySet().stream()
                .map(address -> address + " . " + address)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static void verdicts(
            String map,
            Map<String, String> before,
            Map<String, String> after,
            StringBuilder script) {
        var gone =
                before.entrySet().stream()
                        .filter(e -> !e.getValue().equals(after.get(e.getKey())))
                        .map(Map.Entry::getKey)
                        .toList();
        var come =
                after.entrySet().stream()
                        .filter(e -> !e.getValue().equals(before.get(e.getKey())))
                        .map(e -> e.getKey() + " : jump " + e.getValue())
                        .toList();
        element("delete", map, gone, script);
        element("add", map, come, script);
    }
}
