package dev.monopod.host.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.monopod.model.network.Cidr;
import dev.monopod.model.network.FirewallRules;
import dev.monopod.model.network.LabelQuery;
import dev.monopod.model.network.NetworkFacts;
import dev.monopod.model.network.NetworkFacts.Policy;
import dev.monopod.model.network.Peer;
import dev.monopod.model.network.PodInterface;
import dev.monopod.model.network.RuleSet;
import dev.monopod.model.network.RuleSet.Direction;
import dev.monopod.model.network.RuleSet.Rule;
import dev.monopod.model.network.Traffic;
import dev.monopod.model.network.Traffic.Protocol;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The rules of a thousand pods in a real kernel, in a network namespace of their own. Needs root.
/// Prints figures, see `bench/network-policy`.
final class PolicyTablesIT {
    private static final String VPC = "rules-it";
    private static final int PODS = 1_000;
    private static final int APPS = 50;

    /// What the specification promises of a change.
    private static final Duration LIMIT = Duration.ofSeconds(2);

    private final Map<String, RuleSet> groups = new HashMap<>();
    private final List<Policy> policies = new ArrayList<>();
    private final List<PodInterface> pods = new ArrayList<>();
    private final PolicyTables tables = new PolicyTables();

    @BeforeEach
    void makeNamespace() {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root for netns");
        HostCommand.ofThisHost().run(List.of("ip", "netns", "add", LinkNames.namespace(VPC)), "");
    }

    @AfterEach
    void removeNamespace() {
        if (System.getProperty("user.name").equals("root")) {
            HostCommand.ofThisHost()
                    .run(List.of("ip", "netns", "delete", LinkNames.namespace(VPC)), "");
        }
    }

    @Test
    void changesTheRulesOfAThousandPodsWithinTwoSeconds() {
        groups.put("cluster", group(rule(Traffic.ANY, new Peer.Members("cluster"))));
        for (int app = 0; app < APPS; app++) {
            groups.put("g" + app, group(rule(tcp(80), new Peer.Members("cluster"))));
            policies.add(policy("ns" + app, all(app)));
        }
        for (int number = 0; number < PODS; number++) {
            pods.add(pod(number));
        }

        assertThat(measured("all rules, first time")).isLessThan(LIMIT.multipliedBy(5));
        pods.add(pod(PODS));
        assertThat(measured("a pod comes")).isLessThan(LIMIT);
        pods.removeFirst();
        assertThat(measured("a pod goes")).isLessThan(LIMIT);
        groups.put("cluster", group(rule(Traffic.ANY, Peer.ANYONE)));
        assertThat(measured("a rule of the group of 500 pods changes")).isLessThan(LIMIT);
        for (int app = 0; app < APPS; app++) {
            policies.add(policy("ns" + app, List.of()));
        }
        assertThat(measured("50 policies come that select every pod")).isLessThan(LIMIT);
        assertThat(measured("nothing changes")).isLessThan(LIMIT);

        assertThat(table()).contains("10.8.0.0", "return comment");
        // A new agent knows nothing of the table, and makes the same.
        var before = withoutCounters(table());
        new PolicyTables().apply(VPC, FirewallRules.compile(facts(), _ -> true));
        assertThat(sorted(withoutCounters(table()))).isEqualTo(sorted(before));
    }

    @Test
    void leavesNothingOfRulesThatNobodyNeeds() {
        tables.apply(VPC, FirewallRules.compile(facts(), _ -> true));
        var empty = table();
        groups.put("g1", group(rule(Traffic.ANY, new Peer.Members("cluster"))));
        policies.add(policy("ns1", all(1)));
        pods.add(pod(1));
        tables.apply(VPC, FirewallRules.compile(facts(), _ -> true));
        assertThat(table()).contains("ports_", "pods_", "members_", "policy_in_", "route_out");

        groups.clear();
        policies.clear();
        pods.clear();
        tables.apply(VPC, FirewallRules.compile(facts(), _ -> true));

        assertThat(table()).isEqualTo(empty);
    }

    @Test
    void aCheckChangesNothing() {
        tables.apply(VPC, FirewallRules.compile(facts(), _ -> true));
        var before = table();
        policies.add(policy("ns1", all(1)));
        pods.add(pod(1));

        tables.check(VPC, FirewallRules.compile(facts(), _ -> true));

        assertThat(table()).isEqualTo(before);
    }

    /// What NetworkPolicies may hold at most grows by peers + ports: their product was 200 000
    /// rules.
    @Test
    void takesAPolicyOfAThousandPeersAndAHundredPorts() {
        var traffic = new ArrayList<Traffic>();
        for (int port = 0; port < 100; port++) {
            traffic.add(tcp(1_000 + 2 * port));
        }
        var peers = new ArrayList<Peer>();
        for (int peer = 0; peer < 1_000; peer++) {
            peers.add(new Peer.Range(new Cidr(Cidr.address("10.0.0.0") + 2 * peer, 32)));
        }
        pods.add(pod(1));
        tables.apply(VPC, FirewallRules.compile(facts(), _ -> true));
        policies.add(policy("ns1", List.of(new Rule("rule[0]", traffic, peers))));

        var script = PolicyTable.whole(FirewallRules.compile(facts(), _ -> true));
        System.out.printf("FIGURE | 1 000 peers x 100 ports | %d bytes |%n", script.length());
        measured("1 000 peers x 100 ports");

        assertThat(script.length()).isLessThan(40_000);
    }

    private Duration measured(String what) {
        var started = System.nanoTime();
        var firewall = FirewallRules.compile(facts(), _ -> true);
        var compiled = System.nanoTime();
        tables.apply(VPC, firewall);
        var ended = System.nanoTime();
        System.out.printf(
                "FIGURE | %s | compile %d ms | nft %d ms |%n",
                what, (compiled - started) / 1_000_000, (ended - compiled) / 1_000_000);
        return Duration.ofNanos(ended - started);
    }

    private NetworkFacts facts() {
        var namespaces = new HashMap<String, Map<String, String>>();
        for (int app = 0; app < APPS; app++) {
            namespaces.put("ns" + app, Map.of("kubernetes.io/metadata.name", "ns" + app));
        }
        return new NetworkFacts(
                groups,
                policies,
                namespaces,
                pods,
                Map.of("cluster", List.of(Cidr.parse("192.168.0.4/32"))),
                Map.of(
                        "a",
                        new RuleSet(
                                "routes of a",
                                Map.of(Direction.EGRESS, List.of(rule(Traffic.ANY, Peer.ANYONE))))),
                List.of(Cidr.parse("192.168.0.4/32")));
    }

    private static PodInterface pod(int number) {
        var app = number % APPS;
        return new PodInterface(
                "ns" + app,
                "p" + number,
                Map.of("app", "a" + app, "tier", "t" + number % 3),
                Cidr.text(Cidr.address("192.168.96.4") + number),
                "a",
                List.of(number % 2 == 0 ? "cluster" : "g" + app),
                Set.of(new PodInterface.Port("http", Protocol.TCP, 8000 + number % 7)));
    }

    /// Every kind of line there is.
    private static List<Rule> all(int app) {
        var tier = new LabelQuery(Map.of("tier", "t1"), List.of());
        return List.of(
                rule(
                        new Traffic.NamedPort(Protocol.TCP, "http"),
                        new Peer.Pods(Optional.of("ns" + app), LabelQuery.EVERYTHING, tier)),
                rule(
                        new Traffic.Ports(Protocol.UDP, 53, 60),
                        new Peer.Pods(
                                Optional.empty(), LabelQuery.EVERYTHING, LabelQuery.EVERYTHING)),
                rule(new Traffic.Ports(Protocol.SCTP, 0, 65_535), Peer.ANYONE),
                rule(new Traffic.Icmp(8, 0), Peer.ANYONE),
                rule(
                        new Traffic.Icmp(-1, -1),
                        new Peer.Range(
                                Cidr.parse("10.8.0.0/16"),
                                List.of(Cidr.parse("10.8.1.0/24"), Cidr.parse("10.8.3.0/24")))));
    }

    private static Policy policy(String namespace, List<Rule> rules) {
        return new Policy(
                namespace,
                LabelQuery.EVERYTHING,
                new RuleSet(
                        "NetworkPolicy " + namespace + "/" + rules.size(),
                        Map.of(Direction.INGRESS, rules, Direction.EGRESS, rules)));
    }

    private static RuleSet group(Rule ingress) {
        return new RuleSet(
                "security group \"quoted\"",
                Map.of(
                        Direction.INGRESS, List.of(ingress),
                        Direction.EGRESS, List.of(rule(Traffic.ANY, Peer.ANYONE))));
    }

    private static Rule rule(Traffic traffic, Peer peer) {
        return new Rule("rule[0] (für alle)", List.of(traffic), List.of(peer));
    }

    private static Traffic tcp(int port) {
        return new Traffic.Ports(Protocol.TCP, port, port);
    }

    private static String table() {
        return HostCommand.ofThisHost()
                .run(
                        List.of(
                                "ip",
                                "netns",
                                "exec",
                                LinkNames.namespace(VPC),
                                "nft",
                                "list",
                                "table",
                                "ip",
                                PolicyTable.TABLE),
                        "");
    }

    private static String withoutCounters(String table) {
        return Pattern.compile("packets \\d+ bytes \\d+").matcher(table).replaceAll("");
    }

    /// Elements of a map are listed in the order in which they came.
    private static List<String> sorted(String table) {
        return table.lines()
                .flatMap(line -> Pattern.compile(", ").splitAsStream(line))
                .map(String::strip)
                .map(part -> part.replaceAll("^elements = \\{ |[,}]| ", ""))
                .filter(part -> !part.isEmpty())
                .sorted()
                .toList();
    }
}
