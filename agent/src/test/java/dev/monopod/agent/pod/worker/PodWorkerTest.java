package dev.monopod.agent.pod.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.monopod.agent.kubelet.KubeletPods.LogOptions;
import dev.monopod.agent.kubelet.KubeletPods.StreamSession;
import dev.monopod.agent.pod.life.ContainerPhase;
import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.protocol.guest.ProbeFailure;
import dev.monopod.protocol.guest.ProbeResponse;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A pod's whole way, with a fake host and a fake guest over a real unix socket.
class PodWorkerTest {
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

    private static PodBuilder web(String restartPolicy) {
        return FakeHost.podNamed()
                .withNewSpec()
                .withNodeName(FakeHost.NODE)
                .withRestartPolicy(restartPolicy)
                .withTerminationGracePeriodSeconds(30L)
                .addNewContainer()
                .withName("app")
                .withImage("app:1")
                .addNewEnv()
                .withName("GREETING")
                .withValue("hi $(IMAGE) $(WHO)")
                .endEnv()
                .endContainer()
                .endSpec();
    }

    private String phase() {
        return String.valueOf(host.status.getPhase());
    }

    private boolean ready() {
        return host.status.getConditions().stream()
                .anyMatch(c -> c.getType().equals("Ready") && c.getStatus().equals("True"));
    }

    @Test
    void aPodThatTheApiServerHasLostForAWhileGoesOn() throws Exception {
        PodWorker worker = host.begin(web("Always").build());
        await().until(() -> phase().equals("Running") && ready());
        host.pod = Optional.empty();
        host.believable = false;

        worker.look(host);

        // Inputs keep their order: had it taken the pod for gone, nobody would delete the object
        // now.
        worker.seen(leaving(web("Always").build()));
        assertThat(worker.awaitGone(Duration.ofSeconds(30))).isTrue();
        assertThat(host.calls).contains("destroy", "deletePod");
    }

    @Test
    void itsLogsAreTakenBeforeItsDirectoryGoes() throws Exception {
        PodWorker worker = host.begin(web("Always").build());
        await().until(() -> phase().equals("Running") && ready());

        worker.seen(leaving(web("Always").build()));

        assertThat(worker.awaitGone(Duration.ofSeconds(30))).isTrue();
        assertThat(host.calls).containsSubsequence("deletePod", "logs taken", "removeMachine");
    }

    @Test
    void aPodThatCertainlyIsGoneEnds() throws Exception {
        PodWorker worker = host.begin(web("Always").build());
        await().until(() -> phase().equals("Running") && ready());
        host.pod = Optional.empty();

        worker.look(host);

        assertThat(worker.awaitGone(Duration.ofSeconds(30))).isTrue();
        assertThat(host.calls).contains("destroy").doesNotContain("deletePod");
    }

    private static Pod leaving(Pod pod) {
        return new PodBuilder(pod)
                .editMetadata()
                .withDeletionTimestamp("2026-11-24T00:00:00Z")
                .withDeletionGracePeriodSeconds(1L)
                .endMetadata()
                .build();
    }

    @Test
    void runsRestartsAndDeletesAPod() throws Exception {
        PodWorker worker = host.begin(web("Always").build());
        await().until(() -> phase().equals("Running") && ready());
        assertThat(host.status.getPodIP()).isEqualTo("192.168.96.10");
        assertThat(host.status.getContainerStatuses().getFirst().getImageID())
                .isEqualTo("app:1@sha256:1");
        assertThat(host.guest.request("app", 0).getArgsList())
                .containsExactly("/entry", "image-command");

        host.guest.exit("app", 0, 1);
        await().until(() -> host.guest.container("app", 1).isPresent());
        await().until(() ->
                host.status.getContainerStatuses().getFirst().getRestartCount() == 1 && ready());
        assertThat(
                        host.status
                                .getContainerStatuses()
                                .getFirst()
                                .getLastState()
                                .getTerminated()
                                .getReason())
                .isEqualTo("Error");

        host.guest.exit("app", 1, 1);
        await().until(() -> {
            var waiting = host.status.getContainerStatuses().getFirst().getState().getWaiting();
            return waiting != null && "CrashLoopBackOff".equals(waiting.getReason());
        });

        Pod deleted =
                web("Always")
                        .editMetadata()
                        .withDeletionTimestamp("2026-11-24T00:00:00Z")
                        .withDeletionGracePeriodSeconds(5L)
                        .endMetadata()
                        .build();
        worker.seen(deleted);
        assertThat(worker.awaitGone(Duration.ofSeconds(20))).isTrue();
        assertThat(host.calls)
                .containsSubsequence(
                        "start 1",
                        "destroy",
                        "detach",
                        "deletePod",
                        "nodeRemoved",
                        "removeMachine");
        assertThat(host.guest.off).isTrue();
        assertThat(Files.exists(directory.resolve("pods/uid"))).isFalse();
    }

    @Test
    void stopsGracefullyThenKills() throws Exception {
        host.guest.diesOfTerm = false;
        PodWorker worker = host.begin(web("Always").build());
        await().until(this::ready);
        worker.seen(
                web("Always")
                        .editMetadata()
                        .withDeletionTimestamp("2026-11-24T00:00:00Z")
                        .withDeletionGracePeriodSeconds(1L)
                        .endMetadata()
                        .build());
        assertThat(worker.awaitGone(Duration.ofSeconds(20))).isTrue();
        assertThat(host.calls).doesNotContain("machine Stopping", "machine Stopped");
        assertThat(host.guest.signals).containsExactly("app:2", "app:9");
        assertThat(host.status.getContainerStatuses().getFirst().getState().getTerminated())
                .matches(end -> end.getExitCode() == 137);
    }

    @Test
    void finishesAPodAndKeepsItsLog() throws Exception {
        PodWorker worker = host.begin(web("Never").build());
        await().until(this::ready);
        host.guest.exit("app", 0, 0);
        await().until(() -> phase().equals("Succeeded"));
        await().until(() -> host.calls.contains("machine Stopped"));
        HostPods pods = new HostPods(host);
        pods.add(worker);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        pods.logs(
                worker.view().machineName(),
                "app",
                new LogOptions(true, false, false, -1, -1, Optional.empty()),
                out);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("hello from app 0\n");
    }

    @Test
    void waitsForAConfigMapAndTellsWhy() {
        Pod pod =
                web("Always")
                        .editSpec()
                        .addNewVolume()
                        .withName("settings")
                        .withNewConfigMap()
                        .withName("late")
                        .endConfigMap()
                        .endVolume()
                        .endSpec()
                        .build();
        host.begin(pod);
        await().until(() ->
                host.events.stream().anyMatch(e -> e.contains("configmap \"late\" not found")));
        host.configMaps.put("late", new ConfigMapBuilder().addToData("key", "value").build());
        await().until(this::ready);
        assertThat(host.guest.volumes.get("settings").getFiles().getFiles(0).getPath())
                .isEqualTo("key");
    }

    @Test
    void runsInitContainersInOrderAndProbesUntilReady() {
        Pod pod =
                web("Always")
                        .editSpec()
                        .addNewInitContainer()
                        .withName("first")
                        .withImage("init:1")
                        .endInitContainer()
                        .editFirstContainer()
                        .withNewReadinessProbe()
                        .withPeriodSeconds(1)
                        .withNewHttpGet()
                        .withNewPort(8080)
                        .endHttpGet()
                        .endReadinessProbe()
                        .endContainer()
                        .endSpec()
                        .build();
        host.guest.outcome =
                ProbeResponse.newBuilder()
                        .setFailure(ProbeFailure.newBuilder().setMessage("as told"))
                        .build();
        host.begin(pod);
        await().until(() -> host.guest.container("first", 0).isPresent());
        assertThat(host.guest.container("app", 0)).isEmpty();
        assertThat(host.calls).contains("start 2");
        host.guest.exit("first", 0, 0);
        await().until(() -> phase().equals("Running"));
        await().until(() -> host.events.stream().anyMatch(e -> e.startsWith("Unhealthy")));
        assertThat(ready()).isFalse();
        host.guest.outcome = ProbeResponse.newBuilder().setSuccess("as told").build();
        await().until(this::ready);
        assertThat(host.guest.probes.getLast().getHttp().getHost()).isEqualTo("192.168.96.10");
    }

    /// As after the host's clock was set back by an hour, which its machines do not follow.
    @Test
    void probesInTimeThoughTheGuestsClockIsAnHourAhead() {
        host.guest.ahead = Duration.ofHours(1);
        host.guest.outcome = ProbeResponse.newBuilder().setSuccess("as told").build();
        host.begin(probed());
        await().until(this::ready);
    }

    private Pod probed() {
        return web("Always")
                .editSpec()
                .editFirstContainer()
                .withNewReadinessProbe()
                .withPeriodSeconds(1)
                .withNewHttpGet()
                .withNewPort(8080)
                .endHttpGet()
                .endReadinessProbe()
                .endContainer()
                .endSpec()
                .build();
    }

    @Test
    void rejectsAPodWithAnUnsafeSysctlBeforeItsMachineStarts() {
        host.begin(
                web("Always")
                        .editSpec()
                        .withNewSecurityContext()
                        .addNewSysctl("kernel.msgmax", "1")
                        .endSecurityContext()
                        .endSpec()
                        .build());
        await().until(() -> phase().equals("Failed"));
        assertThat(host.status.getReason()).isEqualTo("SysctlForbidden");
        assertThat(host.status.getMessage())
                .isEqualTo("Pod was rejected: forbidden sysctl: \"kernel.msgmax\" not allowlisted");
        await().until(() -> host.calls.contains("machine Stopped"));
        await().until(() ->
                host.events.contains(
                        "SysctlForbidden forbidden sysctl: \"kernel.msgmax\" not allowlisted"));
        assertThat(host.calls).noneMatch(call -> call.startsWith("start "));
    }

    /// The scheduler undoes a Machine whose pod was edited before it was bound, and goes on with
    /// the pod.
    @Test
    void leavesAPodThatIsNotBoundYetWhenItsMachineGoes() throws Exception {
        var unbound = web("Always").editSpec().withNodeName(null).endSpec().build();
        var adoption = new Adoption(host.services(), host.pods, new RecoveredMachines());
        var worker = host.begin(unbound);
        await().until(() -> host.calls.stream().anyMatch(call -> call.startsWith("start ")));

        adoption.deleted(FakeHost.machine());

        assertThat(worker.awaitGone(Duration.ofSeconds(20))).isTrue();
        assertThat(host.calls)
                .containsSubsequence("destroy", "detach", "removeMachine")
                .doesNotContain("deletePod", "evictPod");
        assertThat(host.status.getPhase()).isIn(null, "Pending");
    }

    /// Whoever bound it there: the pod is another node's.
    @Test
    void takesItsMachineDownWhenThePodIsBoundElsewhere() {
        host.pod =
                Optional.of(
                        web("Always").editSpec().withNodeName("ordinary-node").endSpec().build());

        new Adoption(host.services(), host.pods, new RecoveredMachines()).adopt(FakeHost.machine());

        await().until(() -> host.calls.contains("removeMachine"));
        assertThat(host.calls).doesNotContain("deletePod", "evictPod");
        assertThat(host.status.getPhase()).isIn(null, "Pending");
    }

    @Test
    void startsNoDebuggerThatFargateExcludes() {
        var worker = host.begin(web("Always").build());
        await().until(this::ready);

        worker.seen(
                web("Always")
                        .editSpec()
                        .addNewEphemeralContainer()
                        .withName("debugger")
                        .withImage("app:1")
                        .withNewSecurityContext()
                        .withPrivileged(true)
                        .endSecurityContext()
                        .endEphemeralContainer()
                        .endSpec()
                        .build());

        await().until(() ->
                host.status.getEphemeralContainerStatuses().stream()
                        .map(container -> container.getState().getWaiting())
                        .filter(Objects::nonNull)
                        .anyMatch(waiting ->
                                String.valueOf(waiting.getMessage())
                                        .contains(
                                                "Pod not supported on Fargate: invalid"
                                                        + " SecurityContext fields: Privileged")));
        assertThat(host.guest.container("debugger", 0)).isEmpty();
    }

    @Test
    void tellsWhyAContainerMayNotRunAsRootAndStartsNone() {
        host.begin(
                web("Always")
                        .editSpec()
                        .withNewSecurityContext()
                        .withRunAsNonRoot(true)
                        .withRunAsUser(0L)
                        .endSecurityContext()
                        .endSpec()
                        .build());
        await().until(() -> waiting().getReason().equals("CreateContainerConfigError"));
        assertThat(waiting().getMessage())
                .isEqualTo(
                        "container's runAsUser breaks non-root policy (pod: \"web_default(uid)\","
                                + " container: app)");
        assertThat(host.guest.started).isEmpty();
    }

    private ContainerStateWaiting waiting() {
        return host.status.getContainerStatuses().stream()
                .map(container -> container.getState().getWaiting())
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(new ContainerStateWaiting("", ""));
    }

    @Test
    void failsAPodWhoseMachineDied() {
        host.begin(web("Always").build());
        await().until(this::ready);
        host.died.countDown();
        await().until(() -> phase().equals("Failed"));
        assertThat(host.status.getReason()).isEqualTo("MachineLost");
        assertThat(host.status.getContainerStatuses().getFirst().getState().getTerminated())
                .matches(end -> end.getExitCode() == 137);
        await().until(() -> host.calls.contains("machine Failed"));
    }

    @Test
    void bridgesExec() throws Exception {
        PodWorker worker = host.begin(web("Always").build());
        await().until(this::ready);
        HostPods pods = new HostPods(host);
        pods.add(worker);
        byte[] input = new byte[1 << 20];
        input[77] = 5;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int code =
                pods.exec(
                        worker.view().machineName(),
                        "app",
                        java.util.List.of("cat"),
                        new StreamSession(
                                false,
                                Optional.of(new ByteArrayInputStream(input)),
                                Optional.of(out),
                                Optional.empty(),
                                Optional::empty));
        assertThat(code).isEqualTo(7);
        assertThat(out.toByteArray()).isEqualTo(input);
    }

    @Test
    void goesOnWhereAKilledAgentStopped() throws Exception {
        host.begin(web("Always").build());
        await().until(this::ready);
        host.guest.exit("app", 0, 1);
        await().until(() -> host.guest.container("app", 1).isPresent());
        await().until(this::ready);

        HostPods pods = new HostPods(host);
        RecoveredMachines recovered = new RecoveredMachines();
        recovered.put(host.vm("m-uid"));
        new Adoption(host.services(), pods, recovered).adopt(FakeHost.machine());
        await().until(() -> !pods.workers().isEmpty());
        PodWorker second = pods.workers().iterator().next();
        await().until(() -> second.state().stage() == PodState.Stage.READY);
        await().until(() -> host.calls.stream().filter("nodeReady"::equals).count() == 2);
        assertThat(second.state().container("app").attempt()).isEqualTo(1);
        assertThat(second.state().container("app").phase())
                .isInstanceOf(ContainerPhase.Running.class);
        assertThat(host.guest.started).hasSize(2);
        host.guest.exit("app", 1, 3);
        await().until(() -> second.state().container("app").attempt() == 2);
    }

    /// The next agent knows what runs before it has reached the guest.
    @Test
    void anExecWaitsForTheGuestAfterTheAgentWasKilled() throws Exception {
        host.begin(web("Always").build());
        await().until(this::ready);
        HostPods pods = new HostPods(host);
        RecoveredMachines recovered = new RecoveredMachines();
        recovered.put(host.vm("m-uid"));

        new Adoption(host.services(), pods, recovered).adopt(FakeHost.machine());
        await().pollInterval(Duration.ofMillis(1)).until(() -> !pods.workers().isEmpty());

        int code =
                pods.exec(
                        "m-uid",
                        "app",
                        java.util.List.of("cat"),
                        new StreamSession(
                                false,
                                Optional.of(new ByteArrayInputStream(new byte[3])),
                                Optional.of(new ByteArrayOutputStream()),
                                Optional.empty(),
                                Optional::empty));

        assertThat(code).isEqualTo(7);
    }

    /// Nothing in the pod's state knows this container.
    private static final PodInput UNJUDGEABLE = new PodInput.ImageReady("nobody");

    private PodWorker present() {
        return host.pods.workers().iterator().next();
    }

    @Test
    void aWorkerThatStumblesGoesOnFromItsRecord() {
        PodWorker first = host.begin(web("Always").build());
        await().until(this::ready);

        first.post(UNJUDGEABLE);

        await().until(() -> !host.pods.workers().isEmpty() && present() != first);
        await().until(() -> present().state().stage() == PodState.Stage.READY);
        assertThat(host.guest.started).hasSize(1);
        assertThat(host.calls).doesNotContain("destroy");
        host.guest.exit("app", 0, 3);
        await().until(() -> host.guest.container("app", 1).isPresent());
        await().until(this::ready);
    }

    @Test
    void aPodWhoseWorkerStumblesAgainFailsWithAReasonOfItsOwnAndCanBeDeleted() throws Exception {
        PodWorker first = host.begin(web("Always").build());
        await().until(this::ready);
        first.post(UNJUDGEABLE);
        await().until(() -> !host.pods.workers().isEmpty() && present() != first);
        await().until(() -> present().state().stage() == PodState.Stage.READY);
        PodWorker second = present();

        second.post(UNJUDGEABLE);

        await().until(() -> phase().equals("Failed"));
        assertThat(host.status.getReason()).isEqualTo("PodWorkerFailed");
        assertThat(host.status.getMessage()).contains("no container nobody");
        await().until(() -> host.calls.contains("machine Stopped"));
        assertThat(host.calls).contains("destroy");
        await().until(() -> second.state().stage() == PodState.Stage.OFF);
        second.podGone();
        assertThat(second.awaitGone(Duration.ofSeconds(20))).isTrue();
    }

    @Test
    void anAgentThatIsKilledTwiceStillKnowsItsMachine() throws Exception {
        host.begin(web("Always").build());
        await().until(this::ready);
        HostPods pods = new HostPods(host);
        RecoveredMachines recovered = new RecoveredMachines();
        recovered.put(host.vm("m-uid"));
        host.troubles.put("attach", new IllegalStateException("the network is down"));

        new Adoption(host.services(), pods, recovered).adopt(FakeHost.machine());

        await().until(() -> !pods.workers().isEmpty());
        PodWorker second = pods.workers().iterator().next();
        assertThat(second.vm()).isPresent();
        host.troubles.remove("attach");
        await().until(() -> second.state().stage() == PodState.Stage.READY);
        await().until(() -> host.calls.stream().filter("nodeReady"::equals).count() == 2);
    }
}
