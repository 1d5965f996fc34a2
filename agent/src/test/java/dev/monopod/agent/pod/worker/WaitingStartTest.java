package dev.monopod.agent.pod.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.monopod.host.guest.GuestRehearsal;
import dev.monopod.host.machine.MachineException;
import dev.monopod.host.network.NetworkException;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A pod whose machine has waited for it.
class WaitingStartTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir Path directory;
    private FakeHost host;

    @BeforeEach
    void makeHost() {
        host = new FakeHost(directory);
        host.waiting.set(1);
    }

    @AfterEach
    void closeHost() {
        host.close();
    }

    private static Pod pod() {
        return FakeHost.podNamed()
                .withNewSpec()
                .withNodeName(FakeHost.NODE)
                .addNewContainer()
                .withName("app")
                .withImage("app:1")
                .endContainer()
                .endSpec()
                .build();
    }

    @Test
    void takesTheMachineThatWaitsAndItsTap() {
        host.begin(pod());
        awaitRunning();
        assertThat(host.calls)
                .containsSubsequence("reserve", "attach waits", "become 1")
                .doesNotContain("start 1", "end what waited");
    }

    @Test
    void startsAnotherWithATapOfItsOwnWhenItCannotBecomeThePods() {
        host.troubles.put("become", new MachineException("QEMU has ended"));
        host.begin(pod());
        awaitRunning();
        assertThat(host.calls)
                .containsSubsequence("attach waits", "refused become", "attach", "start 1");
        assertThat(host.events).noneMatch(event -> event.contains("FailedCreatePodSandBox"));
    }

    @Test
    void startsAnotherWhenTheTapCannotBeHad() {
        host.troubles.put("attach opened", new NetworkException("no such interface"));
        host.begin(pod());
        awaitRunning();
        assertThat(host.calls)
                .containsSubsequence(
                        "reserve", "refused attach opened", "end what waited", "attach", "start 1");
        assertThat(host.events).noneMatch(event -> event.contains("FailedCreatePodSandBox"));
    }

    @Test
    void endsItWhenTheStartFailsBeforeItIsNeeded() {
        host.troubles.put("resolve", new UncheckedIOException(new IOException("no space")));
        var worker = host.begin(pod());
        await().atMost(PATIENCE).until(() -> host.calls.contains("reserve"));
        worker.podGone();
        await().atMost(PATIENCE).until(() -> host.calls.contains("end what waited"));
        assertThat(host.calls).doesNotContain("become 1", "start 1");
    }

    @Test
    void readsWhatItsVolumesShowWhileItsMachineIsOnItsWay() {
        host.waiting.set(0);
        host.troubles.put("start", new MachineException("no processor is free"));
        host.troubles.put("secret", new IllegalStateException("the API server is busy"));
        host.begin(
                new PodBuilder(pod())
                        .editSpec()
                        .addNewVolume()
                        .withName("keys")
                        .withNewSecret()
                        .withSecretName("keys")
                        .endSecret()
                        .endVolume()
                        .endSpec()
                        .build());
        await().atMost(PATIENCE).until(() -> host.calls.contains("refused secret"));
        assertThat(host.events)
                .as("it is asked for again when it is needed, and told of then")
                .noneMatch(event -> event.contains("FailedMount"));
    }

    /// Who sees the pod run asks for its log in the next moment.
    @Test
    void runsNothingBeforeItsKubeletAnswers() {
        host.kubeletAnswers.set(false);
        host.begin(pod());
        await().atMost(PATIENCE).until(() -> host.calls.contains("no kubelet yet"));
        assertThat(host.status.getPhase()).isNotEqualTo("Running");
        host.kubeletAnswers.set(true);
        awaitRunning();
    }

    /// Such a machine may keep something of the rehearsal.
    @Test
    void refusesToKeepAGuestWhoseRehearsalFails() throws IOException {
        var rehearsal = new GuestRehearsal(Clock.systemUTC());
        rehearsal.at(directory.resolve("g.sock"));
        host.guest.refusals.set(1);
        assertThatThrownBy(() -> rehearsal.at(directory.resolve("g.sock")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("unmount the scratch disk: EBUSY");
    }

    private void awaitRunning() {
        await().atMost(PATIENCE).until(() -> "Running".equals(host.status.getPhase()));
    }
}
