package dev.monopod.model.network;

import dev.monopod.model.names.Digest;
import dev.monopod.model.network.Firewall.Bindings;
import dev.monopod.model.network.Firewall.Chain;
import dev.monopod.model.network.Firewall.Line;
import dev.monopod.model.network.Firewall.Match;
import dev.monopod.model.network.Firewall.Test;
import dev.monopod.model.network.RuleSet.Direction;
import dev.monopod.model.network.RuleSet.Rule;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Turns what users wrote into a [Firewall]. Security groups and NetworkPolicies are judged by the
/// same rules and both must allow: a packet passes the chains of its source's egress and of its
/// destination's ingress. Pure; one use for each answer. Names depend on what they stand for only,
/// so two answers differ where their facts do.
public final class FirewallRules {
    private final NetworkFacts facts;
    private final Map<String, Chain> chains = new TreeMap<>();
    private final Map<String, Set<String>> sets = new TreeMap<>();
    private final Map<String, Set<String>> ports = new TreeMap<>();
    private final Map<Peer, List<Match>> matches = new HashMap<>();

    private FirewallRules(NetworkFacts facts) {
        this.facts = facts;
    }

    /// @param here which pods need rules
    public static Firewall compile(NetworkFacts facts, Predicate<PodInterface> here) {
        return new FirewallRules(facts).compile(here);
    }

    private Firewall compile(Predicate<PodInterface> here) {
        var pods = new TreeMap<String, Bindings>();
        var byNamespace =
                facts.policies().stream()
                        .collect(Collectors.groupingBy(NetworkFacts.Policy::namespace));
        for (var pod : facts.pods()) {
            if (here.test(pod)) {
                var own = byNamespace.getOrDefault(pod.namespace(), List.of());
                pods.put(pod.address(), bindings(pod, own));
            }
        }
        return new Firewall(chains, sets, ports, pods);
    }

    private Bindings bindings(PodInterface pod, List<NetworkFacts.Policy> own) {
        var policy = new EnumMap<Direction, String>(Direction.class);
        var groups = new EnumMap<Direction, String>(Direction.class);
        var selecting =
                own.stream()
                        .filter(each -> each.selects(pod))
                        .map(NetworkFacts.Policy::rules)
                        .toList();
        for (var direction : Direction.values()) {
            var isolating =
                    selecting.stream().filter(set -> set.rules().containsKey(direction)).toList();
            if (!isolating.isEmpty()) {
                policy.put(direction, chain("policy", direction, isolating, admitted(direction)));
            }
            groups.put(direction, groups(pod, direction));
        }
        var routes = facts.routes().get(pod.subnet());
        return new Bindings(
                policy,
                groups,
                routes == null
                        ? Map.of()
                        : Map.of(
                                Direction.EGRESS,
                                chain("route", Direction.EGRESS, List.of(routes), List.of())));
    }

    /// As upstream: a pod's own node reaches it, whatever its policies say.
    private List<Cidr> admitted(Direction direction) {
        return direction == Direction.INGRESS ? facts.hosts() : List.of();
    }

    /// A group that does not exist allows nothing.
    private String groups(PodInterface pod, Direction direction) {
        var known =
                pod.groups().stream()
                        .map(name ->
                                facts.groups()
                                        .getOrDefault(
                                                name,
                                                new RuleSet(
                                                        "security group " + name + " (missing)",
                                                        Map.of())))
                        .toList();
        return chain("group", direction, known, List.of());
    }

    private String chain(String kind, Direction direction, List<RuleSet> parts, List<Cidr> always) {
        var owners = parts.stream().map(RuleSet::name).distinct().sorted().toList();
        var text = owners.isEmpty() ? "no security group" : String.join(", ", owners);
        var name =
                kind
                        + "_"
                        + (direction == Direction.INGRESS ? "in" : "out")
                        + "_"
                        + Digest.of(text);
        if (!chains.containsKey(name)) {
            var lines = new ArrayList<Line>();
            for (var range : always) {
                lines.add(
                        new Line(
                                "the host",
                                new Match.Within(range, List.of()),
                                new Test.Is(Traffic.ANY)));
            }
            for (var part : parts) {
                for (var rule : part.rules().getOrDefault(direction, List.of())) {
                    lines.addAll(lines(part, rule));
                }
            }
            chains.put(name, new Chain(direction, text, lines));
        }
        return name;
    }

    private List<Line> lines(RuleSet part, Rule rule) {
        var lines = new ArrayList<Line>();
        var label = part.name() + ", " + rule.label();
        for (var peer : rule.peers()) {
            for (var match : matches.computeIfAbsent(peer, this::matches)) {
                for (var traffic : rule.traffic()) {
                    lines.add(new Line(label, match, test(traffic)));
                }
            }
        }
        return lines;
    }

    private List<Match> matches(Peer peer) {
        return switch (peer) {
            case Peer.Anyone() -> List.of(new Match.Any());
            case Peer.Range(Cidr cidr, List<Cidr> except) ->
                    List.of(new Match.Within(cidr, except));
            case Peer.Members(String group) -> {
                var all = new ArrayList<Match>();
                all.add(new Match.In(set("members_", group, pod -> pod.groups().contains(group))));
                for (var range : facts.members().getOrDefault(group, List.of())) {
                    all.add(new Match.Within(range, List.of()));
                }
                yield all;
            }
            case Peer.Pods pods -> {
                var namespaces = namespaces(pods);
                yield List.of(
                        new Match.In(
                                set(
                                        "pods_",
                                        pods.toString(),
                                        pod ->
                                                namespaces.contains(pod.namespace())
                                                        && pods.pods().matches(pod.labels()))));
            }
        };
    }

    private Set<String> namespaces(Peer.Pods pods) {
        return pods.namespace()
                .map(Set::of)
                .orElseGet(() ->
                        facts.namespaces().entrySet().stream()
                                .filter(each -> pods.namespaces().matches(each.getValue()))
                                .map(Map.Entry::getKey)
                                .collect(Collectors.toSet()));
    }

    private String set(String prefix, String what, Predicate<PodInterface> in) {
        var name = prefix + Digest.of(what);
        sets.computeIfAbsent(
                name,
                _ ->
                        facts.pods().stream()
                                .filter(in)
                                .map(PodInterface::address)
                                .collect(Collectors.toCollection(TreeSet::new)));
        return name;
    }

    private Test test(Traffic traffic) {
        return traffic instanceof Traffic.NamedPort(Traffic.Protocol protocol, String name)
                ? new Test.Named(protocol, ports(protocol, name))
                : new Test.Is(traffic);
    }

    private String ports(Traffic.Protocol protocol, String port) {
        var name = "ports_" + Digest.of(protocol + " " + port);
        ports.computeIfAbsent(
                name,
                _ -> {
                    var pairs = new TreeSet<String>();
                    for (var pod : facts.pods()) {
                        for (var each : pod.ports()) {
                            if (each.protocol() == protocol && each.name().equals(port)) {
                                pairs.add(pod.address() + " . " + each.number());
                            }
                        }
                    }
                    return pairs;
                });
        return name;
    }
}
