package dev.monopod.agent.kubelet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.monopod.agent.kubelet.KubeletPods.Place;
import dev.monopod.host.network.HostNetwork;
import dev.monopod.host.network.NetworkException;
import dev.monopod.model.loop.Loops;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeDoorsTest {
    private static final Place WEB = new Place("m-web", "default", "10.1.2.3");
    private static final Place DB = new Place("m-db", "default", "10.1.2.4");

    @TempDir Path directory;
    private final Network network = new Network();
    private KubeletFixture kubelet;
    private NodeDoors doors;
    private volatile List<Place> places = List.of();
    private volatile List<Place> named = List.of();

    @BeforeEach
    void start() throws Exception {
        kubelet = new KubeletFixture(directory, Optional.empty());
        kubelet.server.close("m-web");
        kubelet.server.close("m-db");
        kubelet.forbidden = java.util.Set.of();
        doors =
                new NodeDoors(
                        kubelet.server,
                        network,
                        () -> places,
                        names -> named = names,
                        new Loops(Clock.systemUTC(), new Random(1)));
    }

    @AfterEach
    void stop() {
        doors.close();
        kubelet.close();
    }

    @Test
    void sendsEachPodsClientsToADoorOfItsOwn() throws Exception {
        places = List.of(WEB, DB);
        doors.pass();

        assertThat(network.served)
                .extracting("pod")
                .containsExactlyInAnyOrder("10.1.2.3", "10.1.2.4");
        assertThat(podsAt("10.1.2.3")).contains("uid-web").doesNotContain("uid-db");
        assertThat(podsAt("10.1.2.4")).contains("uid-db").doesNotContain("uid-web");
    }

    @Test
    void saysFirstThatNothingOfAnEarlierAgentIsServed() throws Exception {
        places = List.of(WEB);
        doors.pass();
        doors.pass();

        assertThat(network.told).extracting(List::size).containsExactly(0, 1, 1);
    }

    @Test
    void opensNoDoorBeforeItIsKnownThatNobodyIsSentToItByMistake() {
        network.failing = true;
        places = List.of(WEB);

        assertThatThrownBy(doors::pass).isInstanceOf(NetworkException.class);
        network.failing = false;
        assertThat(network.told).isEmpty();
        assertThat(network.asked).isEmpty();
    }

    @Test
    void sendsNobodyToADoorThatIsClosed() throws Exception {
        places = List.of(WEB, DB);
        doors.pass();
        var port = network.port("10.1.2.4");
        network.whenTold = () -> assertThat(answers(port)).isTrue();

        places = List.of(WEB);
        doors.pass();

        assertThat(network.served).extracting("pod").containsExactly("10.1.2.3");
        // The kernel listens until the server's thread has looked at its selector once more.
        await().until(() -> !answers(port));
        assertThat(podsAt("10.1.2.3")).contains("uid-web");
    }

    @Test
    void asksAgainSoonForAVpcThatHasNoRouterYet() throws Exception {
        var elsewhere = new Place("m-new", "second", "10.9.0.9");
        places = List.of(elsewhere, WEB);

        assertThat(doors.pass()).isLessThan(Duration.ofSeconds(2));
        assertThat(network.served).extracting("pod").containsExactly("10.1.2.3");
    }

    /// Told by two threads in the wrong order, it would believe the older one until the next
    /// change.
    @Test
    void believesWhatIsTrueAtItsPassInWhateverOrderItIsNudged() throws Exception {
        places = List.of(WEB);
        doors.start();
        await().until(() -> network.served.size() == 1);

        places = List.of(WEB, DB);
        doors.nudge();

        await().until(() -> network.served.size() == 2);
    }

    @Test
    void sendsNobodyToAPodThatTheCertificateDoesNotName() throws Exception {
        places = List.of(WEB, DB);
        List<Place> namedWhenTold = new ArrayList<>();
        network.whenTold = () -> namedWhenTold.addAll(named);

        doors.pass();

        assertThat(network.served).hasSize(2);
        assertThat(namedWhenTold).containsExactly(WEB, DB);
    }

    private String podsAt(String pod) throws Exception {
        return kubelet.get(URI.create("https://127.0.0.1:" + network.port(pod) + "/pods")).body();
    }

    private static boolean answers(int port) {
        try (var _ = new java.net.Socket("127.0.0.1", port)) {
            return true;
        } catch (java.io.IOException e) {
            return false;
        }
    }

    /// Remembers what it is told; the host's address in the VPC `default` is loopback.
    private static final class Network implements HostNetwork {
        private final List<List<Kubelet>> told = new ArrayList<>();
        private final List<String> asked = new ArrayList<>();
        private volatile List<Kubelet> served = List.of();
        private boolean failing;
        private Runnable whenTold = () -> {};

        int port(String pod) {
            return served.stream()
                    .filter(kubelet -> kubelet.pod().equals(pod))
                    .findFirst()
                    .orElseThrow()
                    .port();
        }

        @Override
        public Optional<String> hostAddress(String vpc) {
            asked.add(vpc);
            return vpc.equals("default") ? Optional.of("127.0.0.1") : Optional.empty();
        }

        @Override
        public void serveKubelets(Collection<Kubelet> kubelets) {
            if (failing) {
                throw new NetworkException("nft failed");
            }
            whenTold.run();
            served = List.copyOf(kubelets);
            told.add(served);
        }

        @Override
        public void ensureVpc(VpcNetwork vpc) {}

        @Override
        public Attachment attach(PodInterface podInterface, Optional<OpenTap> opened) {
            throw new UnsupportedOperationException("doors attach nothing");
        }

        @Override
        public void detach(String machineId) {}

        @Override
        public void retainOnly(Collection<String> machineIds) {}

        @Override
        public Map<String, Traffic> traffic(Collection<String> machineIds) {
            return Map.of();
        }

        @Override
        public void removeAll() {}
    }
}
