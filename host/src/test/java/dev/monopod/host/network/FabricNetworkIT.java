package dev.monopod.host.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.monopod.host.network.Fabric.Peer;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The links to other hosts in a real kernel, in a network namespace of their own. Needs root, and
/// a host that carries no Monopod now. Nothing is sent.
final class FabricNetworkIT {
    private static final String VPC = "fabric-it";
    private static final String NAMESPACE = LinkNames.namespace(VPC);
    private static final Underlay SELF = new Underlay("127.0.0.1", 1500);

    private final FabricNetwork network = new FabricNetwork();

    @BeforeEach
    void makeNamespace() {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root for netns");
        var taken =
                HostCommand.ofThisHost()
                        .run(List.of("ip", "netns", "list"), "")
                        .contains("monopod-vpc-");
        assumeTrue(!taken, "skipped: Monopod runs on this host");
        HostCommand.ofThisHost().run(List.of("ip", "netns", "add", NAMESPACE), "");
        // Without an address there is no table of local ones, and the kernel takes no next hop.
        HostCommand.ofThisHost().ip(NAMESPACE, List.of("link set lo up"));
    }

    @AfterEach
    void removeNamespace() {
        if (HostCommand.ofThisHost().run(List.of("ip", "netns", "list"), "").contains(NAMESPACE)) {
            HostCommand.ofThisHost().run(List.of("ip", "netns", "delete", NAMESPACE), "");
            HostCommand.ofThisHost().nft("", "delete table ip " + FabricRules.TABLE);
        }
    }

    @Test
    void bringsTheKernelToWhatTheObjectsSay() {
        var two = new Peer("198.51.100.2", Set.of("10.77.0.5", "10.77.0.20"));
        var three = new Peer("198.51.100.3", Set.of("10.77.0.6"));
        network.apply(List.of(fabric(SELF, two, three)));
        assertThat(routes())
                .contains("10.77.0.5 via 198.51.100.2", "10.77.0.20 via 198.51.100.2")
                .contains("10.77.0.6 via 198.51.100.3");
        assertThat(run("bridge", "-n", NAMESPACE, "fdb", "show", "dev", "vx0"))
                .contains(
                        "02:58:c6:33:64:02 dst 198.51.100.2", "02:58:c6:33:64:03 dst 198.51.100.3");
        assertThat(link()).contains("nolearning", "mtu 1450", "02:58:7f:00:00:01");
        var before = everything();

        // Once more, by an agent that knows nothing.
        new FabricNetwork().apply(List.of(fabric(SELF, two, three)));
        assertThat(everything()).isEqualTo(before);

        // The pod moves, one host leaves.
        network.apply(
                List.of(fabric(SELF, new Peer("198.51.100.3", Set.of("10.77.0.6", "10.77.0.20")))));
        assertThat(routes())
                .contains("10.77.0.20 via 198.51.100.3")
                .doesNotContain("198.51.100.2", "10.77.0.5 ");
        assertThat(everything()).doesNotContain("198.51.100.2");
        network.apply(List.of(fabric(SELF)));
        assertThat(everything()).doesNotContain("198.51.100");
    }

    @Test
    void makesTheLinkAnewWhenThisHostIsReachedOtherwise() {
        var peer = new Peer("198.51.100.2", Set.of("10.77.0.5"));
        network.apply(List.of(fabric(SELF, peer)));
        network.apply(List.of(fabric(new Underlay("127.0.0.2", 9001), peer)));

        assertThat(link()).contains("local 127.0.0.2", "mtu 1500");
        assertThat(routes()).contains("10.77.0.5 via 198.51.100.2");
    }

    @Test
    void makesNoLinkForAHostOnItsOwn() {
        network.apply(List.of(fabric(SELF)));

        assertThat(run("ip", "-n", NAMESPACE, "link", "show")).doesNotContain("vx0");
    }

    private static Fabric fabric(Underlay self, Peer... peers) {
        return new Fabric(VPC, self, "10.77.0.1", List.of(peers));
    }

    private static String link() {
        return run("ip", "-n", NAMESPACE, "-d", "link", "show", "vx0");
    }

    private static String routes() {
        return run("ip", "-n", NAMESPACE, "route", "show", "dev", "vx0");
    }

    private static String everything() {
        return routes()
                + run("ip", "-n", NAMESPACE, "neighbour", "show", "dev", "vx0", "nud", "permanent")
                + run("bridge", "-n", NAMESPACE, "fdb", "show", "dev", "vx0")
                + run(
                        "ip",
                        "netns",
                        "exec",
                        NAMESPACE,
                        "nft",
                        "list",
                        "table",
                        "ip",
                        "monopod_hosts")
                + run("nft", "list", "table", "ip", "monopod_hosts");
    }

    private static String run(String... command) {
        return HostCommand.ofThisHost().run(List.of(command), "");
    }
}
