package dev.monopod.agent.pod.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A pod's machine starts before the pod is bound; its containers wait for the binding.
class PodBindingTest {
    @TempDir Path directory;
    private FakeHost host;

    @BeforeEach
    void makeHost() {
        host = new FakeHost(directory);
    }

    @AfterEach
    void closeHost() {
        host.close();
    }

    private static Pod unbound() {
        return FakeHost.podNamed()
                .withNewSpec()
                .addNewContainer()
                .withName("app")
                .withImage("app:1")
                .endContainer()
                .endSpec()
                .build();
    }

    private static Pod bound() {
        return new PodBuilder(unbound()).editSpec().withNodeName(FakeHost.NODE).endSpec().build();
    }

    private boolean runs() {
        return "Running".equals(host.status.getPhase());
    }

    /// Asking, which it does now and then, would find the pod as it was; the start itself asks for
    /// nothing.
    @Test
    void goesOnAsSoonAsAWatchTellsOfTheBinding() {
        var worker = host.begin(unbound());
        await().until(() -> host.calls.contains("nodeReady"));
        assertThat(runs()).isFalse();
        worker.seen(bound());

        await().atMost(Duration.ofSeconds(4)).until(this::runs);
        assertThat(host.reads).hasValueLessThanOrEqualTo(2);
    }

    @Test
    void asksInCaseNoWatchTellsOfTheBinding() {
        host.begin(unbound());
        await().until(() -> host.calls.contains("nodeReady"));

        host.pod = Optional.of(bound());

        await().atMost(Duration.ofSeconds(20)).until(this::runs);
    }

    @Test
    void aBindingToAnotherNodeEndsTheWait() {
        var worker = host.begin(unbound());
        await().until(() -> host.calls.contains("nodeReady"));

        worker.seen(
                new PodBuilder(unbound())
                        .editSpec()
                        .withNodeName("ordinary-node")
                        .endSpec()
                        .build());

        await().until(() -> host.calls.contains("removeMachine"));
        assertThat(host.calls).doesNotContain("deletePod", "evictPod");
    }
}
