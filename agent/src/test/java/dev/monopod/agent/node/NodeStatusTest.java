package dev.monopod.agent.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.time.Clocks;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The node lifecycle controller calls a Node NotReady when its Lease is 40 seconds old.
@Timeout(60)
final class NodeStatusTest {
    private static final Duration NOT_READY = Duration.ofSeconds(40);
    private static final Duration ANSWER = Duration.ofMillis(200);

    private final Simulation simulation = new Simulation(NodeStatus.AT_ONCE, ANSWER);

    @Test
    void keepsAHundredNodesReadyWithASlowApiServer() {
        simulation.add(100);

        simulation.run(Duration.ofMinutes(20));

        assertThat(simulation.longestGap()).isLessThan(Duration.ofSeconds(15));
    }

    @Test
    void renewsALeaseEachTime() {
        simulation.add(1);

        simulation.run(Duration.ofMinutes(1));

        assertThat(simulation.renewals("node-0")).isGreaterThan(4);
    }

    /// As it was: one Node that hangs makes all others NotReady.
    @Test
    void wouldNotKeepThemReadyOneAfterTheOther() {
        var serial = new Simulation(1, ANSWER);
        serial.add(100);
        serial.hang("node-0", Duration.ofSeconds(5));

        serial.run(Duration.ofMinutes(20));

        assertThat(serial.longestGapBeside(serial.hanging())).isGreaterThan(NOT_READY);
    }

    @Test
    void harmsNoOtherNodeWhenTenHangAndFail() {
        simulation.add(100);
        for (int i = 0; i < 10; i++) {
            simulation.hang("node-" + i, Duration.ofSeconds(5));
        }

        simulation.run(Duration.ofMinutes(20));

        assertThat(simulation.longestGapBeside(simulation.hanging()))
                .isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void recoversWithinSecondsWhenTheApiServerIsBack() {
        simulation.add(100);
        simulation.run(Duration.ofSeconds(30));
        simulation.down();
        simulation.run(Duration.ofSeconds(20));

        simulation.up();
        simulation.run(Duration.ofSeconds(60));

        assertThat(simulation.longestGap()).isLessThan(NOT_READY);
    }

    /// The controller manager takes no older Lease for renewed before a status with another
    /// heartbeat.
    @Test
    void writesStatusAndLeaseAnewWhenTheClockWentBack() {
        simulation.add(1);
        simulation.run(Duration.ofSeconds(30));
        int before = simulation.renewals("node-0");

        simulation.set(Duration.ofHours(-1));
        simulation.run(Duration.ofSeconds(30));

        assertThat(simulation.statuses()).containsExactly("node-0", "node-0");
        assertThat(simulation.renewals("node-0")).isGreaterThan(before + 1);
        assertThat(simulation.longestGap()).isLessThan(Duration.ofSeconds(12));
    }

    /// Its Lease alone does not make a Node ready again that was silent.
    @Test
    void writesTheStatusOfANodeAnewThatOthersCallNotReady() {
        simulation.add(2);
        simulation.run(Duration.ofSeconds(30));

        simulation.nodes().seen(node("node-0", "Unknown"));
        simulation.nodes().seen(node("node-0", "Unknown"));
        simulation.nodes().seen(node("node-1", "True"));
        simulation.nodes().seen(node("another-hosts", "Unknown"));
        simulation.run(Duration.ofSeconds(3));

        assertThat(simulation.statuses()).containsExactly("node-0", "node-1", "node-0");
        simulation.run(Duration.ofMinutes(2));
        assertThat(simulation.statuses()).hasSize(3);
    }

    private static Node node(String name, String ready) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewStatus()
                .addNewCondition()
                .withType("Ready")
                .withStatus(ready)
                .endCondition()
                .endStatus()
                .build();
    }

    @Test
    void renewsInTheSameRhythmWhenTheClockWasSetForward() {
        simulation.add(1);
        simulation.run(Duration.ofSeconds(30));
        var before = simulation.renewTime("node-0");

        simulation.set(Duration.ofHours(1));
        simulation.run(Duration.ofSeconds(30));

        assertThat(simulation.longestGap()).isLessThan(Duration.ofSeconds(12));
        assertThat(simulation.complaints()).isEmpty();
        assertThat(simulation.statuses()).containsExactly("node-0");
        assertThat(simulation.renewTime("node-0")).isAfter(before.plus(Duration.ofHours(1)));
    }

    /// After the status the controller manager takes whatever Lease it sees: were that the one from
    /// before, it would be the newest for an hour.
    @Test
    void renewsTheLeaseBeforeTheStatusWhenTheClockWentBack() {
        simulation.add(1);
        simulation.run(Duration.ofSeconds(30));
        simulation.set(Duration.ofHours(1));
        simulation.run(Duration.ofSeconds(30));

        simulation.set(Duration.ofHours(-1));
        simulation.run(Duration.ofSeconds(1));

        assertThat(simulation.leaseAtStatus("node-0"))
                .isEqualTo(simulation.renewTime("node-0"))
                .isBefore(Instant.parse("2026-01-01T00:02:00Z"));
    }

    @Test
    void saysWhichLeaseIsAboutToEnd() {
        simulation.add(2);
        simulation.run(Duration.ofSeconds(30));
        assertThatCode(simulation.nodes()::pass).doesNotThrowAnyException();
        simulation.hang("node-1", Duration.ofSeconds(5));

        simulation.run(Duration.ofSeconds(40));

        assertThatThrownBy(simulation.nodes()::pass)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the Lease of Node node-1 has not been renewed since")
                .hasMessageContaining("no answer for node-1");
    }

    @Test
    void waitsForANodeThatIsNotThereYet() {
        simulation.absent("node-0");
        simulation.add(1);
        simulation.run(Duration.ofMinutes(1));
        assertThatCode(simulation.nodes()::pass).doesNotThrowAnyException();
        assertThat(simulation.renewals("node-0")).isZero();

        simulation.present("node-0");
        simulation.run(Duration.ofSeconds(1));

        assertThat(simulation.renewals("node-0")).isOne();
    }

    @Test
    void tendsNoNodeThatWasRemoved() {
        simulation.add(1);
        simulation.run(Duration.ofSeconds(30));
        int before = simulation.renewals("node-0");

        simulation.nodes().remove(machine("node-0"));
        simulation.run(Duration.ofMinutes(1));

        assertThat(simulation.renewals("node-0")).isEqualTo(before).isGreaterThan(1);
        assertThat(simulation.deleted()).containsExactly("node-0");
    }

    /// With the real loop and its threads.
    @Test
    void tendsOthersWhileOneCallHangs() throws InterruptedException {
        var api = new HangingApi();
        var loops = new Loops(Clock.systemUTC(), new Random(1));
        try (var nodes =
                new NodeStatus(
                        api, "0.1.0", loops, Clocks.ofProcess(), Executors.newFixedThreadPool(2))) {
            nodes.start();
            nodes.keep(machine("hangs"));
            api.entered.await();

            for (int i = 0; i < 5; i++) {
                nodes.keep(machine("node-" + i));
            }

            await().until(() -> api.renewed.size() == 5);
            assertThat(api.renewed).doesNotContain("hangs");
        }
    }

    static Machine machine(String node) {
        var machine = new Machine();
        machine.setMetadata(new ObjectMetaBuilder().withName("machine-of-" + node).build());
        machine.setSpec(
                new MachineSpec(
                        "one",
                        new MachineSpec.PodReference("default", node, "uid-" + node),
                        node,
                        "profile",
                        new MachineSpec.Size(250, 512, 20_480),
                        new MachineSpec.Interface(
                                "default",
                                "private",
                                "a",
                                "192.168.96.10",
                                "192.168.96.1",
                                "02:00:c0:a8:60:0a")));
        return machine;
    }

    private static final class HangingApi implements NodeApi {
        final Set<String> renewed = ConcurrentHashMap.newKeySet();
        final CountDownLatch entered = new CountDownLatch(1);

        @Override
        public Optional<String> writeStatus(String node, Map<String, Object> status) {
            return Optional.of("uid");
        }

        @Override
        public void renewLease(String node, String uid, Instant now) {
            if (node.equals("hangs")) {
                entered.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            renewed.add(node);
        }

        @Override
        public void delete(String node) {}
    }
}
