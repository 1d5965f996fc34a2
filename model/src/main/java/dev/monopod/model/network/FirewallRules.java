package dev.monopod.model.network;

import dev.monopod.model.names.Digest;
import dev.monopod.model.network.Firewall.Bindings;
import dev.monopod.model.network.Firewall.Chain;
import dev.monopod.model.network.Firewall.Line;
import dev.monopod.model.network.Firewall.Match;
import dev.monopod.model.network.Firewall.Test;
import dev.monopod.model.network.RuleSet.Direction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Turns what users wrote into a [Firewall]. Security groups and NetworkPolicies are judged by the
/// same rules and both must allow: a packet passes the chains of its source's egress and of its
/// destination's ingress. Pure; one use for each answer. Names depend on what they stand for only,
/// so two answers differ where their facts do.
///
/// The policies of one namespace get [#MOST_OF_NAMESPACE] lines and elements on a host. Whoever
/// wants more closes the own pods and nobody else's.
public final class FirewallRules {
    /// Lines of chains and elements of sets that the policies of one namespace may cost a host: a
    /// tenth of a second of `nft`, a few megabytes in the kernel.
    public static final int MOST_OF_NAMESPACE = 50_000;

    private final NetworkFacts facts;
    private final Set<String> shut;
    private final RuleLines parts;
    private final Map<String, Chain> chains = new TreeMap<>();
    private final Map<String, Long> costs = new HashMap<>();
    private final Map<String, String> closed = new TreeMap<>();

    private FirewallRules(NetworkFacts facts, Set<String> shut) {
        this.facts = facts;
        this.shut = shut;
        this.parts = new RuleLines(facts);
    }

    /// @param here which pods need rules
    public static Firewall compile(NetworkFacts facts, Predicate<PodInterface> here) {
        return compile(facts, here, Set.of());
    }

    /// @param here which pods need rules
    /// @param shut namespaces whose policies allow nothing, since the packet filter does not take
    ///   them
    public static Firewall compile(
            NetworkFacts facts, Predicate<PodInterface> here, Set<String> shut) {
        return new FirewallRules(facts, shut).compile(here);
    }

    private Firewall compile(Predicate<PodInterface> here) {
        var pods = new TreeMap<String, Bindings>();
        var byNamespace =
                facts.policies().stream()
                        .collect(Collectors.groupingBy(NetworkFacts.Policy::namespace));
        // In the same order each time, so that the same pods are closed.
        facts.pods().stream()
                .filter(here)
                .sorted(Comparator.comparing(PodInterface::address))
                .forEach(pod ->
                        pods.put(
                                pod.address(),
                                bindings(
                                        pod,
                                        byNamespace.getOrDefault(pod.namespace(), List.of()))));
        return parts.firewall(chains, pods, closed);
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
                policy.put(direction, policies(pod.namespace(), direction, isolating));
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
                                chain("route", Direction.EGRESS, List.of(routes))));
    }

    /// As upstream: a pod's own node reaches it, whatever its policies say.
    private List<Line> admitted(Direction direction) {
        if (direction == Direction.EGRESS || facts.hosts().isEmpty()) {
            return List.of();
        }
        return List.of(
                new Line(
                        "the host", new Match.Within(parts.ranges(facts.hosts())), new Test.Any()));
    }

    /// The chain of some policies of one namespace, which pays for it.
    private String policies(String namespace, Direction direction, List<RuleSet> isolating) {
        var owners = owners(isolating);
        var name = name("policy", direction, owners);
        if (chains.containsKey(name)) {
            return name;
        }
        if (shut.contains(namespace)) {
            return shut(namespace, direction, "the packet filter refused them");
        }
        var before = parts.elements();
        var lines = new ArrayList<>(admitted(direction));
        // Names of policies cost too: they stand in the chain for people to read.
        var spent = costs.getOrDefault(namespace, 0L) + isolating.size();
        for (var part : isolating) {
            for (var rule : part.rules().getOrDefault(direction, List.of())) {
                lines.addAll(parts.lines(part, rule));
                if (spent + lines.size() + parts.elements() - before > MOST_OF_NAMESPACE) {
                    costs.put(namespace, (long) MOST_OF_NAMESPACE);
                    return shut(
                            namespace,
                            direction,
                            "they need more than %d rules and addresses"
                                    .formatted(MOST_OF_NAMESPACE));
                }
            }
        }
        costs.put(namespace, spent + lines.size() + parts.elements() - before);
        chains.put(name, new Chain(direction, owners, lines));
        return name;
    }

    private String shut(String namespace, Direction direction, String why) {
        closed.put(namespace, why);
        var owners = "NetworkPolicies of " + namespace + ", which are not served: " + why;
        var name = name("policy", direction, owners);
        chains.computeIfAbsent(name, _ -> new Chain(direction, owners, admitted(direction)));
        return name;
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
        return chain("group", direction, known);
    }

    private String chain(String kind, Direction direction, List<RuleSet> owned) {
        var owners = owners(owned);
        var name = name(kind, direction, owners);
        if (!chains.containsKey(name)) {
            var lines = new ArrayList<Line>();
            for (var part : owned) {
                for (var rule : part.rules().getOrDefault(direction, List.of())) {
                    lines.addAll(parts.lines(part, rule));
                }
            }
            chains.put(name, new Chain(direction, owners, lines));
        }
        return name;
    }

    private static String owners(List<RuleSet> parts) {
        var names = parts.stream().map(RuleSet::name).distinct().sorted().toList();
        return names.isEmpty() ? "no security group" : String.join(", ", names);
    }

    private static String name(String kind, Direction direction, String owners) {
        return kind
                + "_"
                + (direction == Direction.INGRESS ? "in" : "out")
                + "_"
                + Digest.of(owners);
    }
}
