package dev.monopod.agent.pod.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.protocol.guest.ContainerState;
import dev.monopod.protocol.guest.StartContainerResponse;
import dev.monopod.protocol.guest.StartRefusal;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a guest that was taken over says of its containers, over a real unix socket.
class HostileGuestTest {
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

    private PodWorker begun() {
        return host.begin(
                FakeHost.podNamed()
                        .withNewSpec()
                        .withNodeName("node")
                        .withRestartPolicy("Always")
                        .addNewContainer()
                        .withName("app")
                        .withImage("app:1")
                        .endContainer()
                        .endSpec()
                        .build());
    }

    private PodWorker running() {
        PodWorker worker = begun();
        await().until(() -> "Running".equals(host.status.getPhase()));
        return worker;
    }

    private void says(PodWorker worker, String name, int attempt) {
        host.guest.tell(
                ContainerState.newBuilder()
                        .setContainerId(ContainerIds.of(worker.view().plan().uid(), name, attempt))
                        .setName(name)
                        .setAttempt(attempt)
                        .setPhase(ContainerState.Phase.RUNNING)
                        .setStartedUnixNanos(1)
                        .build());
    }

    @Test
    void aStartThatDoesNotEndIsNoContainerThatRuns() {
        host.guest.stuck = true;
        begun();

        await().untilAsserted(() ->
                assertThat(host.status.getContainerStatuses())
                        .extracting(status -> status.getState().getWaiting())
                        .extracting(waiting -> waiting == null ? "" : waiting.getReason())
                        .containsExactly("RunContainerError"));
        assertThat(host.status.getPhase()).isEqualTo("Pending");
    }

    @Test
    void aRefusalOfAKindThatNobodyKnowsEndsTheAttempt() {
        host.guest.answer =
                Optional.of(
                        StartContainerResponse.newBuilder()
                                .setRefused(
                                        StartRefusal.newBuilder()
                                                .setKindValue(4711)
                                                .setMessage("x".repeat(1 << 20)))
                                .build());
        begun();

        await().until(() -> terminated().isPresent());
        assertThat(terminated().get().getReason()).isEqualTo("StartError");
        assertThat(terminated().get().getMessage()).hasSize(8 << 10);

        host.guest.answer = Optional.empty();
        await().atMost(Duration.ofSeconds(30))
                .until(() -> "Running".equals(host.status.getPhase()));
    }

    /// How the only container's attempt before the present one ended.
    private Optional<ContainerStateTerminated> terminated() {
        return host.status.getContainerStatuses().stream()
                .findFirst()
                .map(ContainerStatus::getLastState)
                .map(io.fabric8.kubernetes.api.model.ContainerState::getTerminated);
    }

    @Test
    void anAnswerThatSaysNothingIsNoContainerThatRuns() {
        host.guest.answer = Optional.of(StartContainerResponse.getDefaultInstance());
        begun();

        await().untilAsserted(() ->
                assertThat(host.status.getContainerStatuses())
                        .extracting(status -> status.getState().getWaiting())
                        .extracting(waiting -> waiting == null ? "" : waiting.getReason())
                        .containsExactly("RunContainerError"));
    }

    @Test
    void attemptsAndContainersThatNobodyStartedLeaveNothingOnTheHost() throws Exception {
        PodWorker worker = running();
        for (int attempt : new int[] {1, 2, 1000, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
            says(worker, "app", attempt);
        }
        says(worker, "../../escaped", 0);
        says(worker, "other", 0);

        // What is said in order is heard in order: the restart comes after the lies.
        host.guest.exit("app", 0, 1);
        await().until(() -> host.guest.container("app", 1).isPresent());
        await().until(() -> host.status.getContainerStatuses().getFirst().getRestartCount() == 1);
        try (Stream<Path> files = Files.walk(worker.view().directory().resolve("logs"))) {
            assertThat(files.filter(Files::isRegularFile).map(f -> f.getFileName().toString()))
                    .containsOnly("0.log", "0.base", "1.log", "1.base");
        }
    }
}
