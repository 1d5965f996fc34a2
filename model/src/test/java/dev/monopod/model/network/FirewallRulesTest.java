package dev.monopod.model.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.model.network.FirewallWalk.Packet;
import dev.monopod.model.network.FirewallWalk.Step;
import dev.monopod.model.network.FirewallWalk.Verdict;
import dev.monopod.model.network.LabelQuery.Operator;
import dev.monopod.model.network.LabelQuery.Requirement;
import dev.monopod.model.network.NetworkFacts.Policy;
import dev.monopod.model.network.RuleSet.Direction;
import dev.monopod.model.network.RuleSet.Rule;
import dev.monopod.model.network.Traffic.Protocol;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Row F8, and what NetworkPolicies mean upstream.
final class FirewallRulesTest {
    private static final String WEB = "192.168.96.10";
    private static final String CLIENT = "192.168.96.11";
    private static final String STRANGER = "192.168.96.12";
    private static final String HOST = "192.168.0.4";

    private final Map<String, RuleSet> groups = new HashMap<>();
    private final List<Policy> policies = new ArrayList<>();
    private final Map<String, List<Cidr>> members = new HashMap<>();
    private final Map<String, RuleSet> routes = new HashMap<>();
    private final List<PodInterface> pods = new ArrayList<>();

    FirewallRulesTest() {
        group(
                "cluster",
                rules(any("ingress[0]", new Peer.Members("cluster"))),
                rules(any("egress[0]", Peer.ANYONE)));
        pod("shop", "web", WEB, "app=web", "cluster");
        pod("shop", "client", CLIENT, "app=client", "cluster");
        pod("other", "stranger", STRANGER, "app=client", "cluster");
    }

    @Test
    void membersOfTheClusterGroupReachEachOtherAndEverything() {
        assertThat(verdict(CLIENT, WEB, tcp(80))).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict(CLIENT, "1.1.1.1", tcp(443))).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict("10.1.2.3", WEB, tcp(80))).isEqualTo(Verdict.DROPPED);
    }

    @Test
    void interfacesThatAreNoPodsAreMembersToo() {
        members.put("cluster", List.of(Cidr.parse(HOST + "/32"), Cidr.parse("192.168.0.0/24")));

        assertThat(verdict(HOST, WEB, tcp(80))).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict("192.168.0.77", WEB, tcp(80))).isEqualTo(Verdict.ALLOWED);
    }

    @Test
    void aGroupLetsInWhatItsRulesSayAndNothingElse() {
        group(
                "web",
                rules(
                        new Rule(
                                "ingress[0] (http)",
                                List.of(tcp(80)),
                                List.of(new Peer.Members("cluster")))),
                rules());
        pod("shop", "web", WEB, "app=web", "web");

        assertThat(walk(CLIENT, WEB, tcp(80)))
                .last()
                .isEqualTo(
                        new Step(
                                Direction.INGRESS,
                                "security group web",
                                "security group web, ingress[0] (http)",
                                Verdict.ALLOWED));
        assertThat(verdict(CLIENT, WEB, tcp(81))).isEqualTo(Verdict.DROPPED);
        assertThat(verdict(CLIENT, WEB, new Traffic.Ports(Protocol.UDP, 80, 80)))
                .isEqualTo(Verdict.DROPPED);
        assertThat(verdict(CLIENT, WEB, new Traffic.Icmp(8, 0))).isEqualTo(Verdict.DROPPED);
        assertThat(walk(WEB, CLIENT, tcp(80)))
                .containsExactly(
                        new Step(Direction.EGRESS, "security group web", "", Verdict.DROPPED));
    }

    @Test
    void severalGroupsAddUpAndAMissingOneAllowsNothing() {
        group("a", rules(new Rule("ingress[0]", List.of(tcp(1)), List.of(Peer.ANYONE))), rules());
        group("b", rules(new Rule("ingress[0]", List.of(tcp(2)), List.of(Peer.ANYONE))), rules());
        pod("shop", "web", WEB, "app=web", "a", "b");
        assertThat(verdict("10.0.0.1", WEB, tcp(1))).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict("10.0.0.1", WEB, tcp(2))).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict("10.0.0.1", WEB, tcp(3))).isEqualTo(Verdict.DROPPED);

        pod("shop", "web", WEB, "app=web", "gone");
        assertThat(verdict(CLIENT, WEB, tcp(1))).isEqualTo(Verdict.DROPPED);
    }

    @Test
    void aPolicyWithoutRulesClosesItsDirectionOnly() {
        policy("shop", "app=web", Map.of(Direction.INGRESS, rules()));

        assertThat(walk(CLIENT, WEB, tcp(80)))
                .last()
                .isEqualTo(
                        new Step(Direction.INGRESS, "NetworkPolicy shop/0", "", Verdict.DROPPED));
        assertThat(verdict(WEB, CLIENT, tcp(80))).isEqualTo(Verdict.ALLOWED);
    }

    @Test
    void policiesAddUpAndGroupsMustAllowToo() {
        policy("shop", "", Map.of(Direction.INGRESS, rules()));
        policy(
                "shop",
                "app=web",
                Map.of(Direction.INGRESS, rules(from(inOwn("shop", "app=client")))));

        assertThat(verdict(CLIENT, WEB, tcp(80))).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict(STRANGER, WEB, tcp(80))).isEqualTo(Verdict.DROPPED);

        group("web", rules(), rules());
        pod("shop", "web", WEB, "app=web", "web");
        assertThat(verdict(CLIENT, WEB, tcp(80))).isEqualTo(Verdict.DROPPED);
    }

    @Test
    void selectsPeersByNamespaceAndByBothTogether() {
        var others = query("kubernetes.io/metadata.name=other");
        policy(
                "shop",
                "app=web",
                Map.of(
                        Direction.INGRESS,
                        rules(from(new Peer.Pods(Optional.empty(), others, query("app=client"))))));

        assertThat(verdict(STRANGER, WEB, tcp(80))).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict(CLIENT, WEB, tcp(80))).isEqualTo(Verdict.DROPPED);
    }

    @Test
    void aNamedPortIsWhatTheDestinationCallsIt() {
        pods.removeIf(pod -> pod.address().equals(WEB));
        pods.add(
                new PodInterface(
                        "shop",
                        "web",
                        labels("app=web"),
                        WEB,
                        "private",
                        List.of("cluster"),
                        Set.of(new PodInterface.Port("http", Protocol.TCP, 8080))));
        var http = new Traffic.NamedPort(Protocol.TCP, "http");
        policy(
                "shop",
                "app=web",
                Map.of(
                        Direction.INGRESS,
                        rules(new Rule("ingress[0]", List.of(http), List.of(Peer.ANYONE)))));
        policy(
                "shop",
                "app=client",
                Map.of(
                        Direction.EGRESS,
                        rules(new Rule("egress[0]", List.of(http), List.of(Peer.ANYONE)))));

        assertThat(verdict(CLIENT, WEB, tcp(8080))).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict(CLIENT, WEB, tcp(80))).isEqualTo(Verdict.DROPPED);
        assertThat(verdict(CLIENT, STRANGER, tcp(8080))).isEqualTo(Verdict.DROPPED);
    }

    @Test
    void aRangeLeavesOutItsExceptions() {
        var range =
                new Peer.Range(Cidr.parse("192.168.0.0/16"), List.of(Cidr.parse(STRANGER + "/32")));
        policy("shop", "app=web", Map.of(Direction.INGRESS, rules(from(range))));

        assertThat(verdict(CLIENT, WEB, tcp(80))).isEqualTo(Verdict.ALLOWED);
        assertThat(verdict(STRANGER, WEB, tcp(80))).isEqualTo(Verdict.DROPPED);
    }

    @Test
    void noPolicyShutsOutTheHostOrThePodItself() {
        members.put("cluster", List.of(Cidr.parse(HOST + "/32")));
        policy("shop", "app=web", Map.of(Direction.INGRESS, rules(), Direction.EGRESS, rules()));

        assertThat(verdict(HOST, WEB, tcp(80))).isEqualTo(Verdict.ALLOWED);
        assertThat(walk(WEB, WEB, tcp(80))).isEmpty();
    }

    @Test
    void labelExpressionsMeanWhatTheyMeanUpstream() {
        var labels = Map.of("app", "web");
        assertThat(matches(labels, "app", Operator.IN, "web", "db")).isTrue();
        assertThat(matches(labels, "app", Operator.NOT_IN, "web")).isFalse();
        assertThat(matches(labels, "tier", Operator.NOT_IN, "web")).isTrue();
        assertThat(matches(labels, "tier", Operator.IN, "web")).isFalse();
        assertThat(matches(labels, "app", Operator.EXISTS)).isTrue();
        assertThat(matches(labels, "tier", Operator.DOES_NOT_EXIST)).isTrue();
        assertThat(matches(labels, "app", Operator.DOES_NOT_EXIST)).isFalse();
    }

    @Test
    void whatNoRouteLeadsToIsDropped() {
        routes.put(
                "private",
                new RuleSet(
                        "routes of private",
                        Map.of(
                                Direction.EGRESS,
                                rules(
                                        any(
                                                "local",
                                                new Peer.Range(Cidr.parse("192.168.0.0/16")))))));

        assertThat(verdict(CLIENT, WEB, tcp(80))).isEqualTo(Verdict.ALLOWED);
        assertThat(walk(CLIENT, "1.1.1.1", tcp(443)))
                .last()
                .isEqualTo(new Step(Direction.EGRESS, "routes of private", "", Verdict.DROPPED));
    }

    @Test
    void aPodThatComesChangesElementsAndNoChain() {
        policy(
                "shop",
                "app=web",
                Map.of(Direction.INGRESS, rules(from(inOwn("shop", "app=client")))));
        var before = firewall();
        pod("shop", "second", "192.168.96.13", "app=client", "cluster");
        var after = firewall();

        assertThat(after.chains()).isEqualTo(before.chains());
        assertThat(after.sets().values()).allMatch(set -> set.contains("192.168.96.13"));
        assertThat(after.pods()).hasSize(before.pods().size() + 1);
    }

    private static boolean matches(
            Map<String, String> labels, String key, Operator operator, String... values) {
        return new LabelQuery(Map.of(), List.of(new Requirement(key, operator, Set.of(values))))
                .matches(labels);
    }

    private Firewall firewall() {
        return FirewallRules.compile(
                new NetworkFacts(
                        groups,
                        policies,
                        Map.of(
                                "shop", labels("kubernetes.io/metadata.name=shop"),
                                "other", labels("kubernetes.io/metadata.name=other")),
                        pods,
                        members,
                        routes,
                        List.of(Cidr.parse(HOST + "/32"))),
                _ -> true);
    }

    private List<Step> walk(String from, String to, Traffic traffic) {
        return FirewallWalk.walk(firewall(), new Packet(from, to, traffic));
    }

    private Verdict verdict(String from, String to, Traffic traffic) {
        return walk(from, to, traffic).getLast().verdict();
    }

    private void group(String name, List<Rule> ingress, List<Rule> egress) {
        groups.put(
                name,
                new RuleSet(
                        "security group " + name,
                        Map.of(Direction.INGRESS, ingress, Direction.EGRESS, egress)));
    }

    private void policy(String namespace, String pods, Map<Direction, List<Rule>> rules) {
        var name = "NetworkPolicy " + namespace + "/" + policies.size();
        policies.add(new Policy(namespace, query(pods), new RuleSet(name, rules)));
    }

    private void pod(
            String namespace, String name, String address, String labels, String... groupNames) {
        pods.removeIf(pod -> pod.address().equals(address));
        pods.add(
                new PodInterface(
                        namespace,
                        name,
                        labels(labels),
                        address,
                        "private",
                        List.of(groupNames),
                        Set.of()));
    }

    private static List<Rule> rules(Rule... rules) {
        return List.of(rules);
    }

    private static Rule any(String label, Peer peer) {
        return new Rule(label, List.of(Traffic.ANY), List.of(peer));
    }

    private static Rule from(Peer peer) {
        return any("ingress[0]", peer);
    }

    private static Peer inOwn(String namespace, String labels) {
        return new Peer.Pods(Optional.of(namespace), LabelQuery.EVERYTHING, query(labels));
    }

    private static LabelQuery query(String labels) {
        return new LabelQuery(labels(labels), List.of());
    }

    private static Map<String, String> labels(String labels) {
        return labels.isEmpty() ? Map.of() : Map.of(labels.split("=")[0], labels.split("=")[1]);
    }

    private static Traffic tcp(int port) {
        return new Traffic.Ports(Protocol.TCP, port, port);
    }
}
