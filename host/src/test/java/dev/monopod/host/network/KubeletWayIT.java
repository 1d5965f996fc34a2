package dev.monopod.host.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.monopod.host.network.HostNetwork.Kubelet;
import dev.monopod.host.network.HostNetwork.PodInterface;
import dev.monopod.host.network.HostNetwork.VpcNetwork;
import dev.monopod.model.network.Firewall;
import dev.monopod.model.network.Firewall.Bindings;
import dev.monopod.model.network.Firewall.Chain;
import dev.monopod.model.network.RuleSet.Direction;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Who arrives where when they dial POD:10250, on the real kernel. Pods are network namespaces that
/// hang on the router by links with the names of taps, and the agent is servers that say whose
/// kubelet they are. Needs root, and a host that carries no Monopod now.
@Timeout(60)
final class KubeletWayIT {
    private static final String ROUTER = LinkNames.namespace("it");
    private static final String HOST = "10.77.0.4";
    private static final List<String> PODS = List.of("one", "two");

    @TempDir Path runDirectory = Path.of("/nonexistent");
    private final List<ServerSocket> servers = new ArrayList<>();
    private LinuxHostNetwork network;
    private boolean used;

    @BeforeEach
    void makeTwoPods() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "skipped: needs root for netns");
        assumeTrue(
                !run("ip", "netns", "list").contains("monopod-vpc-"),
                "skipped: Monopod runs on this host");
        used = true;
        network = new LinuxHostNetwork(runDirectory);
        ensureVpc();
        for (var pod : PODS) {
            makePod(pod);
        }
    }

    @AfterEach
    void removeAll() throws IOException {
        for (var server : servers) {
            server.close();
        }
        if (used) {
            PODS.forEach(pod -> run("ip", "netns", "delete", namespace(pod)));
            network.removeAll();
        }
    }

    @Test
    void eachNodeIsReachedAtItsPodsAddressFromHostAndPods() throws IOException {
        network.serveKubelets(List.of(kubelet("one"), kubelet("two")));

        for (var pod : PODS) {
            assertThat(fromHost(address(pod), 10250)).isEqualTo("kubelet of " + pod);
        }
        assertThat(fromPod("one", address("two"), 10250)).isEqualTo("kubelet of two");
        assertThat(fromPod("two", address("one"), 10250)).isEqualTo("kubelet of one");
    }

    @Test
    void nothingElseOfTheHostIsOpenToPods() throws IOException {
        var one = kubelet("one");
        network.serveKubelets(List.of(one, kubelet("two")));
        // Of the host itself, as the agent's general port is.
        var general = server(HOST, 10250, "host");

        assertThat(fromHost(HOST, general)).isEqualTo("host");
        assertThat(fromPod("two", HOST, general)).isEmpty();
        assertThat(fromPod("two", HOST, one.port())).isEmpty();
        assertThat(fromPod("two", "10.77.0.1", 10250)).isEmpty();
    }

    @Test
    void aPodWithoutAKubeletIsNotAskedItself() throws IOException {
        network.serveKubelets(List.of(kubelet("one")));
        serveInPod("two", 10250);

        assertThat(fromPod("two", "127.0.0.1", 10250)).isEqualTo("guest\n");
        assertThat(fromHost(address("two"), 10250)).isEmpty();
        assertThat(fromPod("one", address("two"), 10250)).isEmpty();
    }

    @Test
    void theRulesOfWhoAsksDecideAndNotThoseOfTheAskedPod() throws IOException {
        network.serveKubelets(List.of(kubelet("one"), kubelet("two")));
        serveInPod("two", 8080);
        serveInPod("one", 8080);
        // Two neither takes nor makes a connection.
        new PolicyTables()
                .apply(
                        "it",
                        new Firewall(
                                Map.of(
                                        "in", new Chain(Direction.INGRESS, "deny", List.of()),
                                        "out", new Chain(Direction.EGRESS, "deny", List.of())),
                                Map.of(),
                                Map.of(),
                                Map.of(),
                                Map.of(),
                                Map.of(
                                        address("one"),
                                        new Bindings(Map.of(), Map.of(), Map.of()),
                                        address("two"),
                                        new Bindings(
                                                Map.of(
                                                        Direction.INGRESS,
                                                        "in",
                                                        Direction.EGRESS,
                                                        "out"),
                                                Map.of(),
                                                Map.of())),
                                Map.of()));

        assertThat(fromPod("one", address("two"), 8080)).isEmpty();
        assertThat(fromPod("one", address("two"), 10250)).isEqualTo("kubelet of two");
        assertThat(fromPod("two", address("one"), 10250)).isEmpty();
        assertThat(fromHost(address("one"), 8080)).isEqualTo("guest\n");
    }

    @Test
    void whatIsServedOutlivesTheNextUpAndIsReplacedByTheNextAgent() throws IOException {
        network.serveKubelets(List.of(kubelet("one"), kubelet("two")));
        ensureVpc();
        new LinuxHostNetwork(runDirectory).ensureVpc(vpc());

        assertThat(fromHost(address("one"), 10250)).isEqualTo("kubelet of one");
        assertThat(fromPod("one", address("two"), 10250)).isEqualTo("kubelet of two");

        var next = new LinuxHostNetwork(runDirectory);
        next.ensureVpc(vpc());
        next.serveKubelets(List.of(kubelet("one")));
        next.serveKubelets(List.of(kubelet("one")));

        assertThat(fromHost(address("one"), 10250)).isEqualTo("kubelet of one");
        assertThat(fromPod("one", address("two"), 10250)).isEmpty();
        assertThat(run("ip", "-n", ROUTER, "route", "show", "table", "all"))
                .doesNotContain("10.77.0.12 via");
        next.serveKubelets(List.of());
        assertThat(run("ip", "-n", ROUTER, "route", "show", "table", "all"))
                .doesNotContain("table 10250");
        assertThat(run("ip", "-n", ROUTER, "rule", "show")).containsOnlyOnce("lookup 10250");
    }

    private void ensureVpc() {
        network.ensureVpc(vpc());
    }

    private static VpcNetwork vpc() {
        return VpcNetwork.ofFirstHost("it", "10.77.0.0/16", "10.78.0.0/16");
    }

    private Kubelet kubelet(String pod) throws IOException {
        return new Kubelet("it", address(pod), HOST, server(HOST, 0, "kubelet of " + pod));
    }

    /// Says a word to each that connects, and nothing else.
    private int server(String address, int port, String word) throws IOException {
        var server = new ServerSocket();
        servers.add(server);
        server.bind(new InetSocketAddress(address, port));
        Thread.ofPlatform()
                .daemon()
                .start(() -> {
                    try {
                        while (true) {
                            try (var client = server.accept()) {
                                client.getOutputStream()
                                        .write(word.getBytes(StandardCharsets.UTF_8));
                            }
                        }
                    } catch (IOException e) {
                        // Closed at the end of the test.
                    }
                });
        return server.getLocalPort();
    }

    private void makePod(String pod) throws IOException {
        var tap = LinkNames.tap("m-" + pod);
        run("ip", "netns", "add", namespace(pod));
        run(
                ("ip link add %s netns %s type veth peer name eth0 address %s netns %s"
                                .formatted(tap, ROUTER, mac(pod), namespace(pod)))
                        .split(" "));
        HostCommand.ofThisHost()
                .ip(
                        namespace(pod),
                        List.of(
                                "link set lo up",
                                "link set eth0 up",
                                "addr add %s/32 dev eth0".formatted(address(pod)),
                                "route add 10.77.0.1/32 dev eth0 scope link",
                                "route add default via 10.77.0.1"));
        network.attach(new PodInterface("m-" + pod, "it", address(pod), "10.77.0.1", mac(pod)));
    }

    /// Has a server of the pod's own answer.
    private static void serveInPod(String pod, int port) {
        run(
                "ip",
                "netns",
                "exec",
                namespace(pod),
                "sh",
                "-c",
                """
                timeout 30 busybox nc -ll -p %1$d -e busybox echo guest >/dev/null 2>&1 &
                until busybox nc 127.0.0.1 %1$d </dev/null 2>/dev/null | grep -q guest; do :; done
                """
                        .formatted(port));
    }

    private static String fromHost(String address, int port) {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, port), 1500);
            socket.setSoTimeout(1500);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    private static String fromPod(String pod, String address, int port) {
        return run(
                "ip",
                "netns",
                "exec",
                namespace(pod),
                "sh",
                "-c",
                "timeout 2 busybox nc %s %d </dev/null 2>/dev/null || true"
                        .formatted(address, port));
    }

    private static String namespace(String pod) {
        return "it-pod-" + pod;
    }

    private static String address(String pod) {
        return pod.equals("one") ? "10.77.0.11" : "10.77.0.12";
    }

    private static String mac(String pod) {
        return pod.equals("one") ? "02:00:0a:4d:00:0b" : "02:00:0a:4d:00:0c";
    }

    private static String run(String... command) {
        return HostCommand.ofThisHost().run(List.of(command), "");
    }
}
