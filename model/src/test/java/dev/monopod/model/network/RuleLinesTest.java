package dev.monopod.model.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.model.network.FirewallWalk.Packet;
import dev.monopod.model.network.FirewallWalk.Verdict;
import dev.monopod.model.network.LabelQuery.Operator;
import dev.monopod.model.network.LabelQuery.Requirement;
import dev.monopod.model.network.NetworkFacts.Policy;
import dev.monopod.model.network.RuleSet.Direction;
import dev.monopod.model.network.RuleSet.Rule;
import dev.monopod.model.network.Traffic.Protocol;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What a rule costs, and that it means the same as each of its peers with each of its ports.
final class RuleLinesTest {
    private static final String OWN = "192.168.96.10";

    @Test
    void aRuleCostsTheSumOfItsPeersAndPortsAndNotTheirProduct() {
        var peers = new ArrayList<Peer>();
        var traffic = new ArrayList<Traffic>();
        for (int number = 0; number < 1_000; number++) {
            peers.add(new Peer.Range(new Cidr(Cidr.address("10.0.0.0") + 2 * number, 32)));
            traffic.add(tcp(2 * number));
        }

        var firewall = firewall(List.of(policy("shop", 0, new Rule("r", traffic, peers))));

        assertThat(firewall.chains().values().stream().mapToInt(chain -> chain.lines().size()))
                .allMatch(lines -> lines <= 2);
        assertThat(firewall.ranges().values().stream().mapToInt(range -> range.all().size()).sum())
                .isEqualTo(1_001);
        assertThat(firewall.closed()).isEmpty();
    }

    @Test
    void meansTheSameAsEachPeerWithEachPort() {
        var random = new Random(14);
        for (int round = 0; round < 300; round++) {
            var traffic = list(random, RuleLinesTest::traffic);
            var peers = list(random, RuleLinesTest::peer);
            var firewall = firewall(List.of(policy("shop", 0, new Rule("r", traffic, peers))));
            for (int packet = 0; packet < 50; packet++) {
                var source = "10.0.0." + random.nextInt(64);
                var protocol = Protocol.values()[random.nextInt(3)];
                var port = random.nextInt(20);
                var allowed =
                        peers.stream().anyMatch(peer -> holds(peer, source))
                                && traffic.stream().anyMatch(each -> holds(each, protocol, port));

                var step =
                        FirewallWalk.walk(
                                        firewall,
                                        new Packet(
                                                source,
                                                OWN,
                                                new Traffic.Ports(protocol, port, port)))
                                .getFirst();

                assertThat(step.verdict())
                        .as("%s %s %d: %s %s", source, protocol, port, peers, traffic)
                        .isEqualTo(allowed ? Verdict.ALLOWED : Verdict.DROPPED);
            }
        }
    }

    @Test
    void aNamespaceThatWantsTooMuchClosesItsOwnPodsAndNobodyElses() {
        var policies = new ArrayList<Policy>();
        for (int number = 0; number < 200; number++) {
            var peers = new ArrayList<Peer>();
            for (int peer = 0; peer < 300; peer++) {
                peers.add(
                        new Peer.Range(
                                new Cidr(
                                        Cidr.address("10.0.0.0") + 1_000 * number + 2 * peer, 32)));
            }
            policies.add(policy("mallory", number, new Rule("r", List.of(tcp(80)), peers)));
        }
        policies.add(policy("shop", 0, new Rule("r", List.of(tcp(80)), List.of(Peer.ANYONE))));

        var firewall = firewall(policies);

        assertThat(firewall.closed()).containsOnlyKeys("mallory");
        assertThat(firewall.ranges().values().stream().mapToInt(range -> range.all().size()).sum())
                .isLessThan(10);
        assertThat(verdict(firewall, "10.0.0.0", "192.168.96.66")).isEqualTo(Verdict.DROPPED);
        assertThat(verdict(firewall, "10.0.0.0", OWN)).isEqualTo(Verdict.ALLOWED);
    }

    @Test
    void labelsThatReadAlikeAreNotMistakenForEachOther() {
        var two = new Requirement("app", Operator.IN, Set.of("a", "b"));
        var one = new Requirement("app", Operator.IN, Set.of("a, b"));
        var firewall =
                firewall(List.of(policy("mallory", 0, from(one)), policy("shop", 0, from(two))));

        assertThat(firewall.sets()).hasSize(2);
    }

    @Test
    void spansAreTheSameHoweverTheyWereWrittenDown() {
        var random = new Random(7);
        for (int round = 0; round < 500; round++) {
            var parts = IntStream.range(0, random.nextInt(6)).mapToObj(_ -> span(random)).toList();
            var whole = span(random);
            var left = Spans.of(Spans.without(whole, parts));
            var joined = Spans.of(parts);
            for (int number = -1; number < 45; number++) {
                var at = number;
                var inParts = parts.stream().anyMatch(part -> within(part, at));
                assertThat(joined.contains(at)).isEqualTo(inParts);
                assertThat(left.contains(at)).isEqualTo(within(whole, at) && !inParts);
            }
            assertThat(Spans.of(joined.all())).isEqualTo(joined);
        }
    }

    private static boolean within(Spans.Span span, long number) {
        return number >= span.first() && number <= span.last();
    }

    private static Spans.Span span(Random random) {
        var first = random.nextInt(40);
        return new Spans.Span(first, first + random.nextInt(5));
    }

    private static Rule from(Requirement requirement) {
        return new Rule(
                "r",
                List.of(tcp(80)),
                List.of(
                        new Peer.Pods(
                                Optional.of("shop"),
                                LabelQuery.EVERYTHING,
                                new LabelQuery(Map.of(), List.of(requirement)))));
    }

    private static <T> List<T> list(Random random, java.util.function.Function<Random, T> make) {
        return IntStream.range(0, 1 + random.nextInt(4)).mapToObj(_ -> make.apply(random)).toList();
    }

    private static Traffic traffic(Random random) {
        var protocol = Protocol.values()[random.nextInt(3)];
        var first = random.nextInt(20);
        return random.nextInt(12) == 0
                ? Traffic.ANY
                : new Traffic.Ports(protocol, first, first + random.nextInt(4));
    }

    private static Peer peer(Random random) {
        if (random.nextInt(12) == 0) {
            return Peer.ANYONE;
        }
        var except =
                IntStream.range(0, random.nextInt(3)).mapToObj(_ -> range(random, 29)).toList();
        return new Peer.Range(range(random, 26), except);
    }

    private static Cidr range(Random random, int least) {
        return Cidr.around("10.0.0." + random.nextInt(64) + "/" + (least + random.nextInt(4)));
    }

    private static boolean holds(Peer peer, String source) {
        return switch (peer) {
            case Peer.Anyone() -> true;
            case Peer.Range(Cidr cidr, List<Cidr> except) ->
                    cidr.contains(source)
                            && except.stream().noneMatch(part -> part.contains(source));
            case Peer.Members _, Peer.Pods _ -> false;
        };
    }

    private static boolean holds(Traffic traffic, Protocol protocol, int port) {
        return switch (traffic) {
            case Traffic.Any() -> true;
            case Traffic.Ports(var own, int first, int last) ->
                    own == protocol && port >= first && port <= last;
            case Traffic.NamedPort _, Traffic.Icmp _ -> false;
        };
    }

    private static Verdict verdict(Firewall firewall, String from, String to) {
        return FirewallWalk.walk(firewall, new Packet(from, to, tcp(80))).getFirst().verdict();
    }

    private static Policy policy(String namespace, int number, Rule rule) {
        return new Policy(
                namespace,
                LabelQuery.EVERYTHING,
                new RuleSet(
                        "NetworkPolicy " + namespace + "/" + number,
                        Map.of(Direction.INGRESS, List.of(rule))));
    }

    private static Traffic.Ports tcp(int port) {
        return new Traffic.Ports(Protocol.TCP, port, port);
    }

    private static Firewall firewall(List<Policy> policies) {
        return FirewallRules.compile(
                new NetworkFacts(
                        Map.of(),
                        policies,
                        Map.of("shop", Map.of(), "mallory", Map.of()),
                        List.of(pod("shop", OWN), pod("mallory", "192.168.96.66")),
                        Map.of(),
                        Map.of(),
                        List.of(Cidr.parse("192.168.0.4/32"))),
                _ -> true);
    }

    private static PodInterface pod(String namespace, String address) {
        return new PodInterface(
                namespace, "pod", Map.of("app", "a"), address, "private", List.of(), Set.of());
    }
}
