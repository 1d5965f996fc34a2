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
import dev.monopod.model.time.Clocks;
import dev.monopod.model.time.Moment;
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
        var view = new PodView(FakeHost.machine(), pod, directory.resolve("pod"));
        scope =
                new PodScope(
                        "default/web",
                        new PodThreads("default/web", "m-uid"),
                        Clocks.ofProcess(),
                        new Loops(Clock.systemUTC(), new Random(1)));
        writer = new PodStatusWriter(view, scope, new MachineHandle("web", 1 << 20), host);
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

    private PodState failed() {
        return PodMachine.step(
                        waiting,
                        new PodInput.Fail("Evicted", "the disk", Duration.ZERO),
                        Moment.of(NOW))
                .state();
    }
}
