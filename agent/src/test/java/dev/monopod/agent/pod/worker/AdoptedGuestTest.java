package dev.monopod.agent.pod.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.monopod.agent.pod.life.ContainerPhase;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.protocol.guest.ConfigureResponse;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.grpc.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// An agent finds a machine whose guest is of another version.
@Timeout(120)
final class AdoptedGuestTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir Path directory;
    private FakeHost host;
    private HostPods pods;

    /// The pods of each agent that came after the first.
    private final List<HostPods> agents = new ArrayList<>();

    @BeforeEach
    void makeHost() {
        host = new FakeHost(directory);
        begin();
    }

    private void begin() {
        pods = new HostPods(host);
        agents.add(pods);
    }

    @AfterEach
    void closeHost() {
        agents.forEach(host::end);
        host.close();
    }

    private static PodBuilder pod() {
        return FakeHost.podNamed()
                .withNewSpec()
                .withNodeName(FakeHost.NODE)
                .withTerminationGracePeriodSeconds(1L)
                .addNewContainer()
                .withName("app")
                .withImage("app:1")
                .endContainer()
                .endSpec();
    }

    private static ConfigureResponse speaking(int oldest, int newest) {
        return ConfigureResponse.newBuilder().setOldestProtocol(oldest).setProtocol(newest).build();
    }

    private boolean told(String words) {
        return host.events.stream()
                .anyMatch(event ->
                        event.startsWith("GuestOfAnotherVersion ") && event.contains(words));
    }

    private void isLeftAlone(PodWorker worker) {
        assertThat(worker.state().container("app").phase())
                .isInstanceOf(ContainerPhase.Running.class);
        assertThat(host.calls)
                .doesNotContain("destroy", "nodeReady", "deletePod")
                .noneMatch(call -> call.startsWith("start "));
        assertThat(host.guest.signals).isEmpty();
    }

    @Test
    void oneThatNoLongerSpeaksAsThisAgentIsLeftAloneAndTheEventSaysSo() {
        var worker = adoptedAfter(() -> host.guest.itself = speaking(7, 9));

        await().atMost(PATIENCE)
                .until(() ->
                        told(
                                "its guest speaks protocol 7 to 9, and this version of Monopod speaks 0 to 1."));
        isLeftAlone(worker);
    }

    @Test
    void oneThatDoesNotEvenKnowConfigureIsLeftAlone() {
        var worker =
                adoptedAfter(() -> {
                    host.guest.refusal = Status.UNIMPLEMENTED;
                    host.guest.refusals.set(2);
                });

        await().atMost(PATIENCE)
                .until(() -> told("its guest does not know how this version begins to speak"));
        isLeftAlone(worker);
    }

    @Test
    void itsPodIsStillDeletedOnceItsGraceIsOver() throws Exception {
        var worker = adoptedAfter(() -> host.guest.itself = speaking(7, 9));
        await().atMost(PATIENCE).until(() -> told("protocol 7 to 9"));

        worker.seen(leaving(pod().build()));

        assertThat(worker.awaitGone(PATIENCE)).isTrue();
        assertThat(host.calls).contains("destroy", "deletePod");
    }

    @Test
    void oneOfBeforeThereWereNumbersAndALaterOneThatStillSpeaksAsWeAreServed() {
        for (var guest : List.of(speaking(0, 0), speaking(1, 4))) {
            begin();
            var worker = adoptedAfter(() -> host.guest.itself = guest);

            await().atMost(PATIENCE).until(() -> worker.state().stage() == PodState.Stage.READY);
        }
    }

    /// The worker of the agent that comes next.
    private PodWorker adoptedAfter(Runnable change) {
        host.begin(pod().build());
        await().atMost(PATIENCE).until(() -> "Running".equals(host.status.getPhase()));
        change.run();
        host.calls.clear();
        var recovered = new RecoveredMachines();
        recovered.put(host.vm("m-uid"));
        host.pod = Optional.of(new PodBuilder(pod().build()).withStatus(host.status).build());
        new Adoption(host.services(), pods, recovered).adopt(FakeHost.machine());
        await().atMost(PATIENCE).until(() -> !pods.workers().isEmpty());
        return pods.workers().iterator().next();
    }

    private static Pod leaving(Pod pod) {
        return new PodBuilder(pod)
                .editMetadata()
                .withDeletionTimestamp("2026-11-24T00:00:00Z")
                .withDeletionGracePeriodSeconds(1L)
                .endMetadata()
                .build();
    }
}
