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
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the kernel makes of the rules: packets of a client through a router to a pod, each in a
/// network namespace of its own. A port that nobody listens on refuses at once what is let through,
/// and what is dropped gets no answer. Needs root.
final class PolicyPacketsIT {
    private static final String VPC = "packets-it";
    private static final String ROUTER = LinkNames.namespace(VPC);
    private static final String CLIENT = "packets-it-client";
    private static final String POD = "packets-it-pod";
    private static final String POD_ADDRESS = "10.77.1.2";
    private static final String CLIENT_ADDRESS = "10.77.2.2";

    private final PolicyTables tables = new PolicyTables();

    @BeforeEach
    void makeNetwork() {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root for netns");
        for (var name : List.of(ROUTER, CLIENT, POD)) {
            run("ip", "netns", "add", name);
            run("ip", "-n", name, "link", "set", "lo", "up");
        }
        link(POD, "pod", POD_ADDRESS, "10.77.1.1");
        link(CLIENT, "client", CLIENT_ADDRESS, "10.77.2.1");
        run("ip", "netns", "exec", ROUTER, "sysctl", "-qw", "net.ipv4.ip_forward=1");
    }

    @AfterEach
    void removeNetwork() {
        if (System.getProperty("user.name").equals("root")) {
            for (var name : List.of(CLIENT, POD, ROUTER)) {
                run("ip", "netns", "delete", name);
            }
        }
    }

    @Test
    void letsThroughWhatPeersAndPortsSayTogetherAndNothingElse() throws Exception {
        var near = new Peer.Range(Cidr.parse("10.77.2.0/24"), List.of());
        var far = new Peer.Range(Cidr.parse("10.99.0.0/16"), List.of());
        var without =
                new Peer.Range(
                        Cidr.parse("10.77.0.0/16"), List.of(Cidr.parse(CLIENT_ADDRESS + "/32")));

        apply(new Rule("r", List.of(tcp(80, 80), tcp(90, 95), udp(7)), List.of(far, near)));
        assertThat(passes(80)).isTrue();
        assertThat(passes(90)).isTrue();
        assertThat(passes(95)).isTrue();
        assertThat(passes(96)).isFalse();
        // UDP's ports are not TCP's.
        assertThat(passes(7)).isFalse();

        apply(new Rule("r", List.of(tcp(80, 80)), List.of(far, without)));
        assertThat(passes(80)).isFalse();

        apply(
                new Rule(
                        "r",
                        List.of(new Traffic.NamedPort(Protocol.TCP, "http")),
                        List.of(pods("app", "client"))));
        assertThat(passes(8080)).isTrue();
        assertThat(passes(80)).isFalse();

        apply(
                new Rule(
                        "r",
                        List.of(new Traffic.NamedPort(Protocol.TCP, "http"), tcp(81, 81)),
                        List.of(pods("app", "nobody"), far)));
        assertThat(passes(8080)).isFalse();
        assertThat(passes(81)).isFalse();
    }

    private void apply(Rule rule) {
        var pod =
                new PodInterface(
                        "shop",
                        "pod",
                        Map.of("app", "pod"),
                        POD_ADDRESS,
                        "",
                        List.of("all"),
                        Set.of(new PodInterface.Port("http", Protocol.TCP, 8080)));
        var client =
                new PodInterface(
                        "shop",
                        "client",
                        Map.of("app", "client"),
                        CLIENT_ADDRESS,
                        "",
                        List.of("all"),
                        Set.of());
        var any = List.of(new Rule("any", List.of(Traffic.ANY), List.of(Peer.ANYONE)));
        var facts =
                new NetworkFacts(
                        Map.of(
                                "all",
                                new RuleSet(
                                        "security group all",
                                        Map.of(Direction.INGRESS, any, Direction.EGRESS, any))),
                        List.of(
                                new Policy(
                                        "shop",
                                        LabelQuery.EVERYTHING,
                                        new RuleSet(
                                                "NetworkPolicy shop/p",
                                                Map.of(Direction.INGRESS, List.of(rule))))),
                        Map.of("shop", Map.of()),
                        List.of(pod, client),
                        Map.of(),
                        Map.of(),
                        List.of());
        tables.apply(VPC, FirewallRules.compile(facts, here -> here.name().equals("pod")));
    }

    private static Peer pods(String key, String value) {
        return new Peer.Pods(
                Optional.of("shop"),
                LabelQuery.EVERYTHING,
                new LabelQuery(Map.of(key, value), List.of()));
    }

    private static Traffic tcp(int first, int last) {
        return new Traffic.Ports(Protocol.TCP, first, last);
    }

    private static Traffic udp(int port) {
        return new Traffic.Ports(Protocol.UDP, port, port);
    }

    private static void link(String namespace, String name, String address, String gateway) {
        run(
                "ip", "-n", ROUTER, "link", "add", name, "type", "veth", "peer", "eth0", "netns",
                namespace);
        run("ip", "-n", ROUTER, "addr", "add", gateway + "/24", "dev", name);
        run("ip", "-n", ROUTER, "link", "set", name, "up");
        run("ip", "-n", namespace, "addr", "add", address + "/24", "dev", "eth0");
        run("ip", "-n", namespace, "link", "set", "eth0", "up");
        run("ip", "-n", namespace, "route", "add", "default", "via", gateway);
    }

    private static boolean passes(int port) throws IOException, InterruptedException {
        var connect = "timeout 2 bash -c 'echo > /dev/tcp/%s/%d'".formatted(POD_ADDRESS, port);
        var process =
                new ProcessBuilder("ip", "netns", "exec", CLIENT, "bash", "-c", connect)
                        .redirectErrorStream(true)
                        .start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said.contains("refused");
    }

    private static void run(String... command) {
        HostCommand.ofThisHost().run(new ArrayList<>(List.of(command)), "");
    }
}
