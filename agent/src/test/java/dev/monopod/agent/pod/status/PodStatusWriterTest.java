package dev.monopod.agent.pod.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.life.PodMachine;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodThreads;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.worker.FakeHost;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.time.Clocks;
import dev.monopod.model.time.Moment;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PodStatusWriterTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir Path directory;
    private FakeHost host;
    private PodScope scope;
    private PodView view;
    private PodStatusWriter writer;
    private PodState waiting;

    @BeforeEach
    void makeWriter() {
        host = new FakeHost(directory);
        var pod =
                FakeHost.podNamed()
                        .withNewSpec()
                        .withNodeName(FakeHost.NODE)
                        .addNewContainer()
                        .withName("app")
                        .withImage("app:1")
                        .endContainer()
                        .endSpec()
                        .build();
        view = new PodView(FakeHost.machine(), pod, directory.resolve("pod"));
        scope =
                new PodScope(
                        "default/web",
                        new PodThreads("default/web", "m-uid"),
                        Clocks.ofProcess(),
                        new Loops(Clock.systemUTC(), new Random(1)));
        writer =
                new PodStatusWriter(
                        view, scope, new MachineHandle("web", 1 << 20), host, Pace.whenNudged());
        waiting = PodState.initial(view.plan(), Moment.of(NOW));
    }

    @AfterEach
    void close() {
        scope.close();
        host.close();
    }

    @Test
    void whatFollowsSoonIsToldWithIt() {
        writer.want(waiting);
        var begun = System.nanoTime();
        writer.start();
        writer.want(failed());
        var took = Duration.ofNanos(System.nanoTime() - begun);
        assumeThat(took).isLessThan(Duration.ofMillis(200));

        await().until(() -> host.patches.get() > 0);
        await().until(() -> "Evicted".equals(host.status.getReason()));
        assertThat(host.patches).hasValue(1);
    }

    @Test
    void aPodThatWaitsIsTold() {
        writer.want(waiting);
        writer.start();

        await().until(() -> "Pending".equals(host.status.getPhase()));
        assertThat(host.patches).hasValue(1);
    }

    @Test
    void whatOthersMakeOfItIsMadeGood() {
        told();

        seen("9000", host.status.edit().withPhase("Failed").build());

        await().until(() -> host.patches.get() == 2);
        assertThat(host.status.getPhase()).isEqualTo("Pending");
    }

    /// As the node lifecycle controller does when a Node was silent.
    @Test
    void aConditionThatOthersTurnIsTurnedBack() {
        told();
        var turned =
                host.status.getConditions().stream()
                        .map(one -> one.edit().withStatus("Unknown").build())
                        .toList();

        seen("9000", host.status.edit().withConditions(turned).build());

        await().until(() -> host.patches.get() == 2);
        assertThat(host.status.getConditions())
                .extracting(PodCondition::getStatus)
                .doesNotContain("Unknown");
    }

    @Test
    void conditionsOfOthersAreTheirs() {
        told();

        seen(
                "9000",
                host.status
                        .edit()
                        .addNewCondition()
                        .withType("example.com/tested")
                        .withStatus("True")
                        .endCondition()
                        .build());

        await().during(Duration.ofMillis(300)).until(() -> host.patches.get() == 1);
    }

    /// A watch may lag behind what was written.
    @Test
    void whatWasSeenBeforeTheLastWriteSaysNothing() {
        told();

        seen("1000", host.status.edit().withPhase("Failed").build());

        await().during(Duration.ofMillis(300)).until(() -> host.patches.get() == 1);
    }

    /// No API server that is known has such versions.
    @Test
    void aVersionThatIsNoNumberEndsNothing() {
        told();

        seen("v-9000", host.status.edit().withPhase("Failed").build());

        await().during(Duration.ofMillis(300)).until(() -> host.patches.get() == 1);
    }

    private void told() {
        writer.want(waiting);
        writer.start();
        await().until(() -> host.patches.get() == 1);
    }

    private void seen(String version, PodStatus status) {
        view.seen(
                new PodBuilder(view.pod())
                        .editMetadata()
                        .withResourceVersion(version)
                        .endMetadata()
                        .withStatus(status)
                        .build());
    }

    private PodState failed() {
        return PodMachine.step(
                        waiting,
                        new PodInput.Fail("Evicted", "the disk", Duration.ZERO),
                        Moment.of(NOW))
                .state();
    }
}
