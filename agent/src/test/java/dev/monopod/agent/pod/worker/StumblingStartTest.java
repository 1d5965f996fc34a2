package dev.monopod.agent.pod.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.monopod.host.machine.MachineException;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A stumble at start is not the loss of a machine: the pod waits, says why, and starts once the
/// cause is gone.
class StumblingStartTest {
    private static final KubernetesClientException BUSY =
            new KubernetesClientException("Too many requests", 429, null);
    private static final KubernetesClientException REFUSED =
            new KubernetesClientException("Forbidden", 403, null);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

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

    private static Pod pod() {
        return FakeHost.podNamed()
                .withNewSpec()
                .withNodeName(FakeHost.NODE)
                .addNewContainer()
                .withName("app")
                .withImage("app:1")
                .endContainer()
                .addNewImagePullSecret("registry")
                .endSpec()
                .build();
    }

    @Test
    void waitsForABusyApiServerBeforeItsMachineStarts() {
        startsOnceOver("claimMachine", BUSY, "FailedCreatePodSandBox");
    }

    @Test
    void waitsForAPullSecretThatCannotBeRead() {
        startsOnceOver("secret", REFUSED, "Failed");
    }

    @Test
    void waitsForAFullDiskThatHoldsNoImage() {
        startsOnceOver(
                "fetch",
                new UncheckedIOException(new IOException("No space left on device")),
                "Failed");
    }

    @Test
    void waitsForAFullDiskThatTakesNoReference() {
        startsOnceOver(
                "resolve",
                new UncheckedIOException(new IOException("No space left on device")),
                "Failed");
    }

    @Test
    void waitsForAFullDiskThatHoldsNoMachine() {
        startsOnceOver(
                "start", new MachineException("No space left on device"), "FailedCreatePodSandBox");
    }

    /// Nothing has run in a machine before its guest has answered: another one starts.
    @Test
    void startsAnotherMachineWhenTheGuestRefuses() {
        host.guest.refusals.set(1);
        PodWorker worker = host.begin(pod());
        await().atMost(PATIENCE)
                .until(() ->
                        host.events.stream()
                                .anyMatch(event ->
                                        event.startsWith("FailedCreatePodSandBox ")
                                                && event.contains("not yet")));
        await().atMost(PATIENCE).until(() -> "Running".equals(host.status.getPhase()));
        assertThat(worker.state().failure()).isEmpty();
        assertThat(host.calls).containsSubsequence("start 1", "destroy", "start 1");
        assertThat(host.calls).doesNotContain("machine Failed");
    }

    /// What is told of the machine is told beside the work.
    @Test
    void startsThoughTheStatusOfItsMachineIsRefused() {
        host.troubles.put("machineStatus", REFUSED);
        host.begin(pod());
        await().atMost(PATIENCE).until(() -> "Running".equals(host.status.getPhase()));
        assertThat(host.calls).contains("nodeReady");
        host.troubles.clear();
        await().atMost(PATIENCE).until(() -> host.calls.contains("machine Running"));
    }

    @Test
    void makesItsNodeReadyOnceTheApiServerLetsIt() {
        host.troubles.put("ready", BUSY);
        host.begin(pod());
        await().atMost(PATIENCE).until(() -> host.calls.contains("machine Running"));
        host.troubles.clear();
        await().atMost(PATIENCE).until(() -> host.calls.contains("nodeReady"));
    }

    @Test
    void writesItsStatusOnceTheApiServerTakesIt() {
        host.troubles.put("patchStatus", REFUSED);
        PodWorker worker = host.begin(pod());
        await().atMost(PATIENCE).until(() -> host.guest.container("app", 0).isPresent());
        assertThat(worker.state().failure()).isEmpty();
        host.troubles.clear();
        await().atMost(PATIENCE).until(() -> "Running".equals(host.status.getPhase()));
    }

    @Test
    void evictsThePodOfAMachineThatGoesOnceTheApiServerLetsIt() {
        HostPods pods = new HostPods(host);
        Adoption adoption = new Adoption(host.services(), pods, new RecoveredMachines());
        host.pod = Optional.of(pod());
        adoption.adopt(FakeHost.machine());
        await().until(() -> !pods.workers().isEmpty());
        host.troubles.put("evictPod", BUSY);
        adoption.deleted(FakeHost.machine());
        await().atMost(PATIENCE).until(() -> host.calls.contains("refused evictPod"));
        host.troubles.clear();
        await().atMost(PATIENCE).until(() -> host.calls.contains("evictPod"));
    }

    private void startsOnceOver(String call, RuntimeException trouble, String reason) {
        host.troubles.put(call, trouble);
        PodWorker worker = host.begin(pod());
        await().atMost(PATIENCE)
                .until(() ->
                        host.events.stream()
                                .anyMatch(event ->
                                        event.startsWith(reason + " ")
                                                && event.contains(
                                                        String.valueOf(trouble.getMessage()))));
        assertThat(worker.state().failure()).isEmpty();
        host.troubles.clear();
        await().atMost(PATIENCE).until(() -> "Running".equals(host.status.getPhase()));
        assertThat(host.calls).doesNotContain("machine Failed");
    }
}
