package dev.monopod.model.network;

import dev.monopod.model.names.Digest;
import dev.monopod.model.network.Firewall.Line;
import dev.monopod.model.network.Firewall.Match;
import dev.monopod.model.network.Firewall.Test;
import dev.monopod.model.network.RuleSet.Rule;
import dev.monopod.model.network.Spans.Span;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// Turns single rules into lines, and collects the sets that these speak of. All peers of a rule go
/// into one set of pods' addresses and one of ranges, all its ports into one of numbers and one of
/// names: a handful of lines, whatever a rule lists. One use for each answer.
final class RuleLines {
    private static final Spans EVERY_ADDRESS = new Spans(List.of(Span.of(Cidr.parse("0.0.0.0/0"))));

    private final NetworkFacts facts;
    private final Map<String, List<PodInterface>> podsByNamespace;
    private final Map<String, Set<String>> sets = new TreeMap<>();
    private final Map<String, Spans> ranges = new TreeMap<>();
    private final Map<String, Map<Traffic.Protocol, Spans>> services = new TreeMap<>();
    private final Map<String, Set<String>> ports = new TreeMap<>();
    private final Map<LabelQuery, Set<String>> namespaces = new HashMap<>();
    private long elements;

    RuleLines(NetworkFacts facts) {
        this.facts = facts;
        this.podsByNamespace =
                facts.pods().stream().collect(Collectors.groupingBy(PodInterface::namespace));
    }

    /// How many elements all sets have so far.
    long elements() {
        return elements;
    }

    /// The answer's sets, without those that no line of the chains speaks of.
    Firewall firewall(
            Map<String, Firewall.Chain> chains,
            Map<String, Firewall.Bindings> pods,
            Map<String, String> closed) {
        var used = new HashSet<String>();
        for (var chain : chains.values()) {
            for (var line : chain.lines()) {
                switch (line.match()) {
                    case Match.Any() -> {}
                    case Match.Within(String name) -> used.add(name);
                    case Match.In(String name) -> used.add(name);
                }
                switch (line.test()) {
                    case Test.Any() -> {}
                    case Test.Message _ -> {}
                    case Test.Service(String name) -> used.add(name);
                    case Test.Named(String name) -> used.add(name);
                }
            }
        }
        sets.keySet().retainAll(used);
        ranges.keySet().retainAll(used);
        services.keySet().retainAll(used);
        ports.keySet().retainAll(used);
        return new Firewall(chains, sets, ranges, services, ports, pods, closed);
    }

    /// @param part what the rule belongs to
    List<Line> lines(RuleSet part, Rule rule) {
        var lines = new ArrayList<Line>();
        var label = part.name() + ", " + rule.label();
        var tests = tests(rule.traffic());
        for (var match : matches(rule.peers())) {
            for (var test : tests) {
                lines.add(new Line(label, match, test));
            }
        }
        return lines;
    }

    private List<Match> matches(List<Peer> peers) {
        var spans = new ArrayList<Span>();
        var members = new LinkedHashSet<Peer.Members>();
        var pods = new LinkedHashSet<Peer.Pods>();
        for (var peer : peers) {
            switch (peer) {
                case Peer.Anyone() -> {
                    return List.of(new Match.Any());
                }
                case Peer.Range(Cidr cidr, List<Cidr> except) ->
                        spans.addAll(
                                Spans.without(
                                        Span.of(cidr), except.stream().map(Span::of).toList()));
                case Peer.Members group -> {
                    members.add(group);
                    facts.members()
                            .getOrDefault(group.group(), List.of())
                            .forEach(range -> spans.add(Span.of(range)));
                }
                case Peer.Pods some -> pods.add(some);
            }
        }
        var matches = new ArrayList<Match>();
        if (!members.isEmpty() || !pods.isEmpty()) {
            matches.add(new Match.In(set(members, pods)));
        }
        if (!spans.isEmpty()) {
            var joined = Spans.of(spans);
            if (joined.equals(EVERY_ADDRESS)) {
                return List.of(new Match.Any());
            }
            matches.add(new Match.Within(ranges(joined)));
        }
        return matches;
    }

    /// Two rules with the same peers share a set.
    private String set(Set<Peer.Members> members, Set<Peer.Pods> pods) {
        var keys = new TreeSet<String>();
        members.forEach(peer -> keys.add(peer.key()));
        pods.forEach(peer -> keys.add(peer.key()));
        var name = (pods.isEmpty() ? "members_" : "pods_") + Digest.of(String.join("\n", keys));
        if (!sets.containsKey(name)) {
            var addresses = new TreeSet<String>();
            if (!members.isEmpty()) {
                Predicate<PodInterface> member =
                        pod ->
                                pod.groups().stream()
                                        .anyMatch(
                                                group -> members.contains(new Peer.Members(group)));
                facts.pods().stream().filter(member).forEach(pod -> addresses.add(pod.address()));
            }
            for (var peer : pods) {
                for (var namespace : namespaces(peer)) {
                    for (var pod : podsByNamespace.getOrDefault(namespace, List.of())) {
                        if (peer.pods().matches(pod.labels())) {
                            addresses.add(pod.address());
                        }
                    }
                }
            }
            sets.put(name, addresses);
            elements += addresses.size();
        }
        return name;
    }

    private Set<String> namespaces(Peer.Pods pods) {
        return pods.namespace()
                .map(Set::of)
                .orElseGet(() ->
                        namespaces.computeIfAbsent(
                                pods.namespaces(),
                                query ->
                                        facts.namespaces().entrySet().stream()
                                                .filter(each -> query.matches(each.getValue()))
                                                .map(Map.Entry::getKey)
                                                .collect(Collectors.toSet())));
    }

    /// Name of the set of these ranges.
    String ranges(List<Cidr> all) {
        return ranges(Spans.of(all.stream().map(Span::of).toList()));
    }

    private String ranges(Spans spans) {
        var name = "ranges_" + Digest.of(spans.toString());
        if (ranges.put(name, spans) == null) {
            elements += spans.all().size();
        }
        return name;
    }

    private List<Test> tests(List<Traffic> traffic) {
        var tests = new LinkedHashSet<Test>();
        var numbers = new EnumMap<Traffic.Protocol, List<Span>>(Traffic.Protocol.class);
        var names = new LinkedHashSet<Traffic.NamedPort>();
        for (var each : traffic) {
            switch (each) {
                case Traffic.Any() -> {
                    return List.of(new Test.Any());
                }
                case Traffic.Ports(Traffic.Protocol protocol, int first, int last) ->
                        numbers.computeIfAbsent(protocol, _ -> new ArrayList<>())
                                .add(new Span(first, last));
                case Traffic.NamedPort port -> names.add(port);
                case Traffic.Icmp message -> tests.add(new Test.Message(message));
            }
        }
        if (!numbers.isEmpty()) {
            tests.add(new Test.Service(services(numbers)));
        }
        if (!names.isEmpty()) {
            tests.add(new Test.Named(ports(names)));
        }
        return List.copyOf(tests);
    }

    private String services(Map<Traffic.Protocol, List<Span>> numbers) {
        var joined = new EnumMap<Traffic.Protocol, Spans>(Traffic.Protocol.class);
        numbers.forEach((protocol, spans) -> joined.put(protocol, Spans.of(spans)));
        var name = "services_" + Digest.of(joined.toString());
        if (services.put(name, joined) == null) {
            joined.values().forEach(spans -> elements += spans.all().size());
        }
        return name;
    }

    private String ports(Set<Traffic.NamedPort> wanted) {
        var keys = new TreeSet<String>();
        wanted.forEach(port -> keys.add(port.protocol() + " " + Peer.quoted(port.name())));
        var name = "ports_" + Digest.of(String.join("\n", keys));
        if (!ports.containsKey(name)) {
            var found = new TreeSet<String>();
            for (var pod : facts.pods()) {
                for (var port : pod.ports()) {
                    if (wanted.contains(new Traffic.NamedPort(port.protocol(), port.name()))) {
                        found.add(named(pod.address(), port.protocol(), port.number()));
                    }
                }
            }
            ports.put(name, found);
            elements += found.size();
        }
        return name;
    }

    /// An element of [Firewall#ports].
    static String named(String address, Traffic.Protocol protocol, int port) {
        return address + " . " + protocol.name().toLowerCase(Locale.ROOT) + " . " + port;
    }
}
