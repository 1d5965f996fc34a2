package dev.monopod.host.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.monopod.model.network.Cidr;
import dev.monopod.model.network.ServiceViews;
import dev.monopod.model.network.ServiceViews.Back;
import dev.monopod.model.network.ServiceViews.Choice;
import dev.monopod.model.network.ServiceViews.Front;
import dev.monopod.model.network.ServiceViews.View;
import dev.monopod.model.network.Spans;
import dev.monopod.model.network.Traffic.Protocol;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the kernel makes of views: packets of two clients through a router, before a table that
/// stands for kube-proxy's. Whom a connection was led to is read from the router's connections, so
/// nobody has to listen. Needs root.
final class ServiceViewTablesIT {
    private static final String VPC = "views-it";
    private static final String ROUTER = LinkNames.namespace(VPC);
    private static final String BACKS = "views-it-backs";
    private static final String ONE = "views-it-one";
    private static final String TWO = "views-it-two";
    private static final String SERVICE = "10.100.0.5";
    private static final Front TCP = new Front(SERVICE, Protocol.TCP, 80);
    private static final Front UDP = new Front(SERVICE, Protocol.UDP, 53);

    private static final Spans CLIENT_ONE = Spans.covering(List.of(Cidr.parse("10.77.2.2/32")));
    private static final Spans ZONE_OF_TWO = Spans.covering(List.of(Cidr.parse("10.77.3.0/24")));

    /// Whom kube-proxy's stand-in chooses.
    private static final String ANY = "10.77.1.9:1";

    private final ServiceViewTables tables = new ServiceViewTables();

    @BeforeEach
    void makeNetwork() {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root for netns");
        for (var name : List.of(ROUTER, BACKS, ONE, TWO)) {
            run("ip", "netns", "add", name);
            run("ip", "-n", name, "link", "set", "lo", "up");
        }
        link(BACKS, "backs", "10.77.1.2", "10.77.1.1");
        for (var last : List.of("3", "4", "9")) {
            run("ip", "-n", BACKS, "addr", "add", "10.77.1.%s/24".formatted(last), "dev", "eth0");
        }
        // A refusal would end what the router knows of the connection.
        HostCommand.ofThisHost()
                .nft(
                        BACKS,
                        """
                        table ip silent {
                          chain input { type filter hook input priority 0; policy drop; }
                        }
                        """);
        link(ONE, "mp-one", "10.77.2.2", "10.77.2.1");
        link(TWO, "mp-two", "10.77.3.2", "10.77.3.1");
        run("ip", "netns", "exec", ROUTER, "sysctl", "-qw", "net.ipv4.ip_forward=1");
        HostCommand.ofThisHost()
                .nft(
                        ROUTER,
                        """
                        table ip kube-proxy {
                          chain nat-prerouting {
                            type nat hook prerouting priority -100; policy accept;
                            ip daddr 10.100.0.5 meta l4proto { tcp, udp } dnat to 10.77.1.9:1
                          }
                        }
                        """);
    }

    @AfterEach
    void removeNetwork() {
        if (System.getProperty("user.name").equals("root")) {
            for (var name : List.of(ONE, TWO, BACKS, ROUTER)) {
                run("ip", "netns", "delete", name);
            }
        }
    }

    @Test
    void leadsAClientToTheEndpointsOfItsViewAndLeavesOthersToKubeProxy() {
        assertThat(chosen(ONE, TCP)).containsExactly(ANY);

        apply(Map.of(TCP, view(0, new Choice(ZONE_OF_TWO, List.of(back(2), back(3))))));

        assertThat(chosen(ONE, TCP)).containsExactly(ANY);
        assertThat(chosen(TWO, TCP)).containsExactly("10.77.1.2:80", "10.77.1.3:80");
        assertThat(chosen(TWO, UDP)).containsExactly(ANY);
    }

    @Test
    void theFirstChoiceThatAClientIsInHolds() {
        var own = new Choice(CLIENT_ONE, List.of(back(2)));
        var wide =
                new Choice(Spans.covering(List.of(Cidr.parse("10.77.0.0/16"))), List.of(back(3)));

        apply(Map.of(TCP, view(0, own, wide), UDP, view(0, own)));

        assertThat(chosen(ONE, TCP)).containsExactly("10.77.1.2:80");
        assertThat(chosen(TWO, TCP)).containsExactly("10.77.1.3:80");
        assertThat(chosen(ONE, UDP)).containsExactly("10.77.1.2:80");
        assertThat(chosen(TWO, UDP)).containsExactly(ANY);
    }

    @Test
    void aClientKeepsItsEndpointAlsoWhenOthersComeAndAnAgentStarts() {
        apply(Map.of(TCP, view(100, new Choice(CLIENT_ONE, List.of(back(2), back(3))))));
        var first = chosen(ONE, TCP);
        assertThat(first).hasSize(1);

        new ServiceViewTables()
                .apply(
                        VPC,
                        new ServiceViews(
                                Map.of(
                                        TCP,
                                        view(
                                                100,
                                                new Choice(
                                                        CLIENT_ONE,
                                                        List.of(back(4), back(3), back(2))))),
                                Map.of()));

        assertThat(chosen(ONE, TCP)).isEqualTo(first);
    }

    @Test
    void aClientGetsAnotherWhenTheEndpointThatItKeptIsGone() {
        apply(Map.of(TCP, view(100, new Choice(CLIENT_ONE, List.of(back(2))))));
        assertThat(chosen(ONE, TCP)).containsExactly("10.77.1.2:80");

        apply(Map.of(TCP, view(100, new Choice(CLIENT_ONE, List.of(back(3))))));

        assertThat(chosen(ONE, TCP)).containsExactly("10.77.1.3:80");
        assertThat(table()).contains("kept-100-").doesNotContain("10.77.1.2");
    }

    @Test
    void aFlowOfUdpLeavesAnEndpointThatIsGoneAndKeepsOneThatAnswers() {
        var view = view(0, new Choice(CLIENT_ONE, List.of(back(2))));
        tables.apply(VPC, new ServiceViews(Map.of(UDP, view), Map.of(UDP, Set.of(back(2)))));
        assertThat(chosen(ONE, UDP)).containsExactly("10.77.1.2:80");

        // Another is nearer now: what flows goes on.
        var other = view(0, new Choice(CLIENT_ONE, List.of(back(3))));
        tables.apply(
                VPC, new ServiceViews(Map.of(UDP, other), Map.of(UDP, Set.of(back(2), back(3)))));
        assertThat(flows(UDP)).containsExactly("10.77.1.2:80");

        tables.apply(VPC, new ServiceViews(Map.of(), Map.of(UDP, Set.of(back(3)))));
        assertThat(flows(UDP)).isEmpty();
    }

    @Test
    void anAgentThatStartsForgetsFlowsToEndpointsThatWentMeanwhile() {
        apply(Map.of(UDP, view(0, new Choice(CLIENT_ONE, List.of(back(2))))));
        assertThat(chosen(ONE, UDP)).containsExactly("10.77.1.2:80");

        new ServiceViewTables()
                .apply(VPC, new ServiceViews(Map.of(), Map.of(UDP, Set.of(back(3)))));

        assertThat(flows(UDP)).isEmpty();
    }

    @Test
    void leavesNoTableWhenThereAreNoViews() {
        apply(Map.of(TCP, view(100, new Choice(CLIENT_ONE, List.of(back(2))))));
        assertThat(table()).contains("at-10.100.0.5/tcp/80");

        apply(Map.of());

        assertThat(table()).isEmpty();
        assertThat(chosen(ONE, TCP)).containsExactly(ANY);
    }

    @Test
    void whatTheKernelRefusesLeavesEverybodyToKubeProxy() {
        apply(Map.of(TCP, view(0, new Choice(CLIENT_ONE, List.of(back(2))))));
        // A chain of another kind stands at the place of ours.
        HostCommand.ofThisHost()
                .nft(
                        ROUTER,
                        """
                        delete table ip monopod_services
                        table ip monopod_services {
                          map doors { type ipv4_addr : verdict; }
                        }
                        """);

        assertThatThrownBy(
                        () -> apply(Map.of(TCP, view(0, new Choice(CLIENT_ONE, List.of(back(3)))))))
                .isInstanceOf(NetworkException.class);

        assertThat(table()).isEmpty();
        assertThat(chosen(ONE, TCP)).containsExactly(ANY);
        apply(Map.of(TCP, view(0, new Choice(CLIENT_ONE, List.of(back(3))))));
        assertThat(chosen(ONE, TCP)).containsExactly("10.77.1.3:80");
    }

    @Test
    void takesWhatANamespaceMayHold() {
        var views = new HashMap<Front, View>();
        for (int service = 0; service < 2; service++) {
            var backs = new ArrayList<Back>();
            for (int number = 0; number < 2_500 / (1 + 4 * service); number++) {
                backs.add(new Back(Cidr.text(Cidr.address("10.80.0.0") + number), 80));
            }
            views.put(
                    new Front("10.100.1." + service, Protocol.TCP, 80),
                    view(service * 100, new Choice(ZONE_OF_TWO, backs)));
        }
        var started = System.nanoTime();
        apply(views);
        var first = System.nanoTime();
        views.put(TCP, view(0, new Choice(CLIENT_ONE, List.of(back(2)))));
        apply(views);
        var second = System.nanoTime();
        apply(views);

        System.out.printf(
                "FIGURE | views of 5 000 endpoints, half of them counted for affinity | first %d ms | a change %d ms |%n",
                (first - started) / 1_000_000, (second - first) / 1_000_000);
        assertThat(second - started).isLessThan(10_000_000_000L);
        assertThat(System.nanoTime() - second).as("nothing changes").isLessThan(100_000_000L);
    }

    private void apply(Map<Front, View> views) {
        tables.apply(VPC, new ServiceViews(views, Map.of()));
    }

    private static View view(int affinitySeconds, Choice... choices) {
        return new View(affinitySeconds, List.of(choices));
    }

    private static Back back(int last) {
        return new Back("10.77.1." + last, 80);
    }

    /// Whom twenty connections of a client lead to. Fewer would not meet each of two for sure.
    private static Set<String> chosen(String client, Front front) {
        run("ip", "netns", "exec", ROUTER, "sh", "-c", "conntrack -F 2>/dev/null");
        var open =
                "echo x 2>/dev/null >/dev/%s/%s/%d".formatted(name(front), SERVICE, front.port());
        run(
                "ip",
                "netns",
                "exec",
                client,
                "bash",
                "-c",
                "for i in {1..20}; do (timeout 0.1 bash -c '%s') 2>/dev/null; done; true"
                        .formatted(open));
        return flows(front);
    }

    private static Set<String> flows(Front front) {
        var flows = new TreeSet<String>();
        var matcher =
                Pattern.compile("src=\\S+ .* src=(\\S+) dst=\\S+ sport=(\\d+)")
                        .matcher(
                                run(
                                        "ip",
                                        "netns",
                                        "exec",
                                        ROUTER,
                                        "sh",
                                        "-c",
                                        "conntrack -L -p %s -d %s 2>/dev/null || true"
                                                .formatted(name(front), SERVICE)));
        while (matcher.find()) {
            flows.add(matcher.group(1) + ":" + matcher.group(2));
        }
        return flows;
    }

    private static String name(Front front) {
        return front.protocol() == Protocol.TCP ? "tcp" : "udp";
    }

    private static String table() {
        return run(
                "ip",
                "netns",
                "exec",
                ROUTER,
                "sh",
                "-c",
                "nft list table ip monopod_services 2>/dev/null || true");
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

    private static String run(String... command) {
        return HostCommand.ofThisHost().run(List.of(command), "");
    }
}
