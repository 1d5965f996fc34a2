package dev.monopod.agent.pod.resize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.agent.pod.spec.PodNumbers;
import dev.monopod.agent.pod.spec.ResourceNumbers;
import dev.monopod.agent.pod.worker.FakeHost;
import dev.monopod.agent.pod.worker.PodWorker;
import dev.monopod.protocol.guest.ContainerState;
import dev.monopod.protocol.guest.LimitResourcesRequest;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Resources of pods and containers, and how they change while the pod runs.
final class PodResizeTest {
    private static final long MACHINE_BYTES = 512L << 20;

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

    /// A pod of two containers, `app` and `side`.
    private static Pod pod(String requests, String limits, String policy) {
        return pod("", requests, limits, policy);
    }

    private static Pod pod(String whole, String requests, String limits, String policy) {
        return Serialization.unmarshal(
                """
                metadata: {name: web, namespace: default, uid: uid, generation: 2}
                spec:
                  nodeName: %s
                  terminationGracePeriodSeconds: 30
                  %s
                  containers:
                    - name: app
                      image: app:1
                      resources: {requests: {%s}, limits: {%s}}
                      resizePolicy: [{resourceName: memory, restartPolicy: %s}]
                    - name: side
                      image: side:1
                      resources: {requests: {memory: 100Mi}}
                status: {}
                """
                        .formatted(FakeHost.NODE, whole, requests, limits, policy),
                Pod.class);
    }

    @Test
    void givesContainersThePodsLimitsAndProtectsWhatTheyRequest() {
        Pod pod =
                pod(
                        "resources: {requests: {cpu: 200m, memory: 300Mi}, limits: {cpu: 500m, memory: 400Mi}}",
                        "memory: 64Mi",
                        "",
                        "NotRequired");

        var whole = PodNumbers.of(pod, MACHINE_BYTES);
        var app = ResourceNumbers.of(pod, pod.getSpec().getContainers().getFirst(), MACHINE_BYTES);

        assertThat(whole.getMemoryMaxBytes()).isEqualTo(400L << 20);
        assertThat(whole.getCpuQuotaMicros()).isEqualTo(50_000);
        assertThat(whole.getCpuWeight()).isEqualTo(ResourceNumbers.weight(200));
        assertThat(whole.getMemoryMinBytes()).isEqualTo(164L << 20);
        assertThat(app.getMemoryMaxBytes()).isEqualTo(400L << 20);
        assertThat(app.getMemoryMinBytes()).isEqualTo(64L << 20);
    }

    @Test
    void neverProtectsMoreThanHalfOfTheMachine() {
        Pod pod = pod("memory: 300Mi", "", "NotRequired");

        assertThat(PodNumbers.of(pod, MACHINE_BYTES).getMemoryMinBytes())
                .isBetween((256L << 20) - 2, 256L << 20);
    }

    @Test
    void limitsAPodWhoseContainersAllHaveLimitsOnly() {
        Pod pod = pod("", "cpu: 100m, memory: 64Mi", "NotRequired");
        assertThat(PodNumbers.of(pod, MACHINE_BYTES).getMemoryMaxBytes()).isZero();

        pod.getSpec().getContainers().remove(1);

        assertThat(PodNumbers.of(pod, MACHINE_BYTES).getMemoryMaxBytes()).isEqualTo(64L << 20);
        assertThat(PodNumbers.of(pod, MACHINE_BYTES).getCpuQuotaMicros()).isEqualTo(10_000);
    }

    @Test
    void carriesAResizeIntoTheGuestAndTellsOfIt() {
        Pod before = pod("memory: 64Mi", "memory: 64Mi", "NotRequired");
        PodWorker worker = host.begin(before);
        await().until(() -> running("app"));

        worker.seen(pod("memory: 96Mi", "memory: 96Mi", "NotRequired"));

        await().until(() -> memory("app").equals(Optional.of(new Quantity("96Mi"))));
        await().until(() -> condition("PodResizeInProgress").isEmpty());
        assertThat(host.guest.limits)
                .filteredOn(one -> one.getContainerId().equals(ContainerIds.of("uid", "app", 0)))
                .extracting(one -> one.getResources().getMemoryMaxBytes())
                .containsOnly(96L << 20);
        assertThat(host.guest.limits)
                .extracting(LimitResourcesRequest::getContainerId)
                .contains("");
        assertThat(status("app").getRestartCount()).isZero();
        assertThat(host.status.getObservedGeneration()).isEqualTo(2);
    }

    @Test
    void startsAContainerAnewWhosePolicySaysSo() {
        PodWorker worker = host.begin(pod("memory: 64Mi", "", "RestartContainer"));
        await().until(() -> running("app"));

        worker.seen(pod("memory: 96Mi", "", "RestartContainer"));

        await().until(() -> status("app").getRestartCount() == 1 && running("app"));
        await().until(() -> condition("PodResizeInProgress").isEmpty());
        assertThat(host.guest.request("app", 1).getResources().getMemoryMinBytes())
                .isEqualTo(96L << 20);
        assertThat(status("side").getRestartCount()).isZero();
    }

    /// The container does not end before the limit of all was refused.
    @Test
    void startsAContainerAnewOnceThoughTheLastLimitIsTriedAgain() {
        PodWorker worker =
                host.begin(pod(whole("400Mi"), "memory: 96Mi", "memory: 96Mi", "RestartContainer"));
        await().until(() -> running("app"));
        host.guest.diesOfTerm = false;
        host.guest.tooLow =
                one ->
                        one.getResources().getMemoryMaxBytes() == 300L << 20
                                && one.getContainerId().isEmpty()
                                && runsInGuest("app", 0);

        worker.seen(pod(whole("300Mi"), "memory: 64Mi", "memory: 64Mi", "RestartContainer"));
        await().until(() -> host.guest.signals.contains("app:2"));
        host.guest.diesOfTerm = true;
        host.guest.exit("app", 0, 0);

        await().untilAsserted(() -> {
            assertThat(status("app").getRestartCount()).isEqualTo(1);
            assertThat(condition("PodResizeInProgress")).isEmpty();
        });
        assertThat(host.guest.limits)
                .filteredOn(one -> one.getContainerId().isEmpty())
                .last()
                .extracting(one -> one.getResources().getMemoryMaxBytes())
                .isEqualTo(300L << 20);
    }

    @Test
    void startsAContainerAnewThatEndsWellWhenItIsStoppedForAResize() {
        Pod before = pod("memory: 64Mi", "", "RestartContainer");
        before.getSpec().setRestartPolicy("OnFailure");
        Pod after = pod("memory: 96Mi", "", "RestartContainer");
        after.getSpec().setRestartPolicy("OnFailure");
        PodWorker worker = host.begin(before);
        await().until(() -> running("app"));

        worker.seen(after);

        await().until(() -> status("app").getRestartCount() == 1 && running("app"));
        assertThat(status("app").getLastState().getTerminated().getExitCode()).isZero();
    }

    private static String whole(String memory) {
        return "resources: {limits: {memory: %s}}".formatted(memory);
    }

    private boolean runsInGuest(String container, int attempt) {
        return host.guest
                .container(container, attempt)
                .filter(state -> state.getPhase() == ContainerState.Phase.RUNNING)
                .isPresent();
    }

    @Test
    void tellsWhatIsInfeasibleAndKeepsTheOldLimits() {
        PodWorker worker = host.begin(pod("cpu: 100m", "", "NotRequired"));
        await().until(() -> running("app"));

        worker.seen(pod("cpu: 1", "", "NotRequired"));

        await().until(() -> condition("PodResizePending").isPresent());
        assertThat(condition("PodResizePending").orElseThrow().getReason()).isEqualTo("Infeasible");
        assertThat(status("app").getAllocatedResources())
                .containsEntry("cpu", new Quantity("100m"));
        assertThat(host.guest.limits).isEmpty();

        worker.seen(pod("cpu: 100m", "", "NotRequired"));

        await().until(() -> condition("PodResizePending").isEmpty());
    }

    private boolean running(String container) {
        return host.status.getContainerStatuses().stream()
                .anyMatch(one ->
                        one.getName().equals(container) && one.getState().getRunning() != null);
    }

    private ContainerStatus status(String container) {
        return host.status.getContainerStatuses().stream()
                .filter(one -> one.getName().equals(container))
                .findFirst()
                .orElseThrow();
    }

    private Optional<Quantity> memory(String container) {
        return Optional.ofNullable(status(container).getResources().getLimits().get("memory"));
    }

    private Optional<PodCondition> condition(String type) {
        List<PodCondition> conditions = host.status.getConditions();
        return conditions.stream().filter(one -> one.getType().equals(type)).findFirst();
    }
}
