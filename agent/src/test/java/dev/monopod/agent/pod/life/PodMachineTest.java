package dev.monopod.agent.pod.life;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.agent.pod.worker.FakeHost;
import dev.monopod.model.time.Moment;
import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PodMachineTest {
    private static final Instant T0 = Instant.parse("2026-11-24T00:00:00Z");
    private Instant now = T0;
    private PodState state;
    private final List<PodEffect> effects = new ArrayList<>();

    private void pod(String restartPolicy, String... containers) {
        var spec = FakeHost.podNamed().withNewSpec().withRestartPolicy(restartPolicy);
        for (String name : containers) {
            if (name.startsWith("init")) {
                spec = spec.addNewInitContainer().withName(name).endInitContainer();
            } else if (name.startsWith("sidecar")) {
                spec =
                        spec.addNewInitContainer()
                                .withName(name)
                                .withRestartPolicy("Always")
                                .endInitContainer();
            } else {
                spec = spec.addNewContainer().withName(name).endContainer();
            }
        }
        state = PodState.initial(PodPlan.of(spec.endSpec().build()), Moment.of(T0));
    }

    private void input(PodInput input) {
        PodMachine.Step step = PodMachine.step(state, input, Moment.of(now));
        state = step.state();
        effects.clear();
        step.effects().stream().filter(PodLife::moves).forEach(effects::add);
    }

    private void up() {
        state.containers().keySet().forEach(name -> input(new PodInput.ImageReady(name)));
        input(new PodInput.Bound());
        input(new PodInput.MachineReady());
        input(new PodInput.Prepared());
    }

    private void started(String name, int attempt) {
        input(new PodInput.Started(name, attempt, now));
    }

    private void ended(String name, int attempt, int code) {
        input(
                new PodInput.Ended(
                        name,
                        attempt,
                        new Termination(
                                "id", code, 0, code == 0 ? "Completed" : "Error", "", now, now)));
    }

    private void runs(String name, int attempt) {
        started(name, attempt);
        input(new PodInput.Hooked(name, attempt));
        input(new PodInput.StartupDone(name, attempt));
        input(new PodInput.Ready(name, attempt, true));
    }

    @Test
    void anEphemeralContainerComesAndGoesWithoutTraceInThePodsLife() {
        pod("Never", "app");
        up();
        runs("app", 0);
        PodPlan grown =
                PodPlan.of(
                        FakeHost.podNamed()
                                .withNewSpec()
                                .withRestartPolicy("Never")
                                .addNewContainer()
                                .withName("app")
                                .endContainer()
                                .addNewEphemeralContainer()
                                .withName("debugger")
                                .withImage("tools")
                                .withTargetContainerName("app")
                                .endEphemeralContainer()
                                .endSpec()
                                .build());
        input(new PodInput.Changed(grown));
        assertThat(effects).containsExactly(new PodEffect.PullImage("debugger"));
        input(new PodInput.Changed(grown));
        assertThat(effects).isEmpty();
        input(new PodInput.ImageReady("debugger"));
        assertThat(effects).containsExactly(new PodEffect.StartContainer("debugger", 0));
        assertThat(state.container("debugger").plan().target()).contains("app");
        started("debugger", 0);
        ended("debugger", 0, 1);
        assertThat(effects).isEmpty();
        assertThat(PodPhase.of(state)).isEqualTo(PodPhase.Running);
        ended("app", 0, 0);
        input(new PodInput.MachineOff());
        assertThat(PodPhase.of(state)).isEqualTo(PodPhase.Succeeded);
    }

    @Test
    void startsNothingBeforeEverythingIsThere() {
        pod("Always", "app");
        input(new PodInput.ImageReady("app"));
        input(new PodInput.MachineReady());
        input(new PodInput.Prepared());
        assertThat(effects).isEmpty();
        input(new PodInput.Bound());
        assertThat(effects).containsExactly(new PodEffect.StartContainer("app", 0));
    }

    @Test
    void runsInitContainersOneAfterAnother() {
        pod("Always", "init1", "init2", "app");
        up();
        assertThat(effects).containsExactly(new PodEffect.StartContainer("init1", 0));
        started("init1", 0);
        ended("init1", 0, 0);
        assertThat(effects).containsExactly(new PodEffect.StartContainer("init2", 0));
        started("init2", 0);
        ended("init2", 0, 0);
        assertThat(effects).containsExactly(new PodEffect.StartContainer("app", 0));
    }

    @Test
    void waitsForASidecarToHaveStarted() {
        pod("Always", "sidecar", "app");
        up();
        assertThat(effects).containsExactly(new PodEffect.StartContainer("sidecar", 0));
        started("sidecar", 0);
        assertThat(effects).isEmpty();
        input(new PodInput.StartupDone("sidecar", 0));
        assertThat(effects).containsExactly(new PodEffect.StartContainer("app", 0));
    }

    @Test
    void failsAPodWhoseInitContainerFailsWithoutRestart() {
        pod("Never", "init1", "app");
        up();
        started("init1", 0);
        ended("init1", 0, 3);
        assertThat(effects).containsExactly(new PodEffect.PowerOff());
        assertThat(PodPhase.of(state)).isEqualTo(PodPhase.Failed);
    }

    @Test
    void restartsAtOnceThenWithBackOff() {
        pod("Always", "app");
        up();
        runs("app", 0);
        ended("app", 0, 0);
        assertThat(effects).containsExactly(new PodEffect.StartContainer("app", 1));
        runs("app", 1);
        ended("app", 1, 1);
        assertThat(effects).hasSize(1).first().isInstanceOf(PodEffect.BackOff.class);
        assertThat(PodMachine.nextTick(state, now)).contains(now.plusSeconds(10));
        now = now.plusSeconds(10);
        input(new PodInput.Tick());
        assertThat(effects).containsExactly(new PodEffect.StartContainer("app", 2));
        runs("app", 2);
        ended("app", 2, 1);
        assertThat(PodMachine.nextTick(state, now)).contains(now.plusSeconds(20));
        assertThat(PodPhase.of(state)).isEqualTo(PodPhase.Running);
    }

    @Test
    void forgetsTheBackOffAfterTenQuietMinutes() {
        RestartBackoff backoff = RestartBackoff.NONE;
        for (int i = 0; i < 8; i++) {
            backoff = backoff.restarted(T0);
        }
        assertThat(backoff.notBefore(T0)).isEqualTo(T0.plusSeconds(300));
        Instant stillRemembered = T0.plusSeconds(900);
        assertThat(backoff.notBefore(stillRemembered)).isEqualTo(stillRemembered.plusSeconds(300));
        Instant later = T0.plusSeconds(901);
        assertThat(backoff.notBefore(later)).isEqualTo(later);
    }

    @Test
    void restartsOnFailureOnly() {
        pod("OnFailure", "app");
        up();
        runs("app", 0);
        ended("app", 0, 1);
        assertThat(effects).containsExactly(new PodEffect.StartContainer("app", 1));
        runs("app", 1);
        ended("app", 1, 0);
        assertThat(effects).containsExactly(new PodEffect.PowerOff());
        assertThat(PodPhase.of(state)).isEqualTo(PodPhase.Succeeded);
    }

    @Test
    void restartsACondemnedContainerOnceItEnded() {
        pod("Always", "app");
        up();
        runs("app", 0);
        input(new PodInput.Condemned("app", 0, "liveness", Optional.of(Duration.ofSeconds(3))));
        assertThat(effects)
                .containsExactly(
                        new PodEffect.StopContainer(
                                "app",
                                0,
                                Duration.ofSeconds(3),
                                "liveness",
                                PodEffect.Manner.ORDINARY));
        input(new PodInput.Condemned("app", 0, "liveness", Optional.empty()));
        assertThat(effects).isEmpty();
        ended("app", 0, 143);
        assertThat(effects).containsExactly(new PodEffect.StartContainer("app", 1));
    }

    @Test
    void deletesWithGraceAndKillsAtOnceWhenToldTo() {
        pod("Always", "app");
        up();
        runs("app", 0);
        input(new PodInput.Deletion(Duration.ofSeconds(30)));
        assertThat(effects)
                .singleElement()
                .matches(e ->
                        e instanceof PodEffect.StopContainer s
                                && s.grace().equals(Duration.ofSeconds(30)));
        input(new PodInput.Deletion(Duration.ofSeconds(30)));
        assertThat(effects).isEmpty();
        input(new PodInput.Deletion(Duration.ZERO));
        assertThat(effects).containsExactly(new PodEffect.Hasten("app", 0, Duration.ZERO));
        ended("app", 0, 137);
        assertThat(effects).containsExactly(new PodEffect.PowerOff());
        input(new PodInput.MachineOff());
        assertThat(effects).containsExactly(new PodEffect.Remove());
        assertThat(state.stage()).isEqualTo(PodState.Stage.REMOVED);
    }

    @Test
    void deletesAPodWhoseMachineNeverCameUp() {
        pod("Always", "app");
        input(new PodInput.Deletion(Duration.ofSeconds(30)));
        assertThat(effects).containsExactly(new PodEffect.PowerOff());
    }

    @Test
    void failsAtItsDeadline() {
        var plan =
                PodPlan.of(
                        FakeHost.podNamed()
                                .withNewSpec()
                                .withActiveDeadlineSeconds(60L)
                                .addNewContainer()
                                .withName("app")
                                .endContainer()
                                .endSpec()
                                .build());
        state = PodState.initial(plan, Moment.of(T0));
        up();
        runs("app", 0);
        assertThat(PodMachine.nextTick(state, now)).contains(T0.plusSeconds(60));
        now = T0.plusSeconds(60);
        input(new PodInput.Tick());
        assertThat(effects).hasSize(2).first().isInstanceOf(PodEffect.PodEvent.class);
        assertThat(effects).last().isInstanceOf(PodEffect.StopContainer.class);
        ended("app", 0, 143);
        assertThat(PodPhase.of(state)).isEqualTo(PodPhase.Failed);
        assertThat(state.failure().orElseThrow().reason()).isEqualTo("DeadlineExceeded");
    }

    /// Every state × every input: nothing throws, attempts never go back, and a state that is over
    /// stays over.
    @Test
    void standsEveryInputInEveryState() {
        pod("Always", "init", "app");
        PodPlan other = state.plan();
        PodPlan resized = resized();
        List<PodInput> inputs =
                List.of(
                        new PodInput.TakenUp(Optional.empty()),
                        new PodInput.TakenUp(Optional.of("gone")),
                        new PodInput.Bound(),
                        new PodInput.MachineReady(),
                        new PodInput.GuestHas(Set.of()),
                        new PodInput.Prepared(),
                        new PodInput.ImageReady("init"),
                        new PodInput.ImageReady("app"),
                        new PodInput.ImageTrouble("app", "ErrImagePull", "no"),
                        new PodInput.Started("init", 0, T0),
                        new PodInput.Started("app", 0, T0),
                        new PodInput.ConfigurationTrouble(
                                "app", 0, "CreateContainerConfigError", ""),
                        new PodInput.Ended(
                                "init", 0, new Termination("i", 0, 0, "Completed", "", T0, T0)),
                        new PodInput.Ended(
                                "app", 0, new Termination("i", 1, 0, "Error", "", T0, T0)),
                        new PodInput.Hooked("app", 0),
                        new PodInput.StartupDone("app", 0),
                        new PodInput.Changed(other),
                        new PodInput.Ready("app", 0, true),
                        new PodInput.Condemned("app", 0, "probe", Optional.empty()),
                        new PodInput.Changed(resized),
                        new PodInput.Resized(1),
                        new PodInput.ResizeTrouble(1, "no"),
                        new PodInput.Deletion(Duration.ofSeconds(1)),
                        new PodInput.ObjectGone(),
                        new PodInput.Fail("Evicted", "", Duration.ZERO),
                        new PodInput.MachineLost("gone"),
                        new PodInput.MachineOff(),
                        new PodInput.Tick());
        pod("OnFailure", "init", "app");
        var seen = new java.util.LinkedHashSet<PodState>();
        var open = new java.util.ArrayDeque<PodState>();
        open.add(state);
        while (!open.isEmpty() && seen.size() < 20_000) {
            PodState from = open.poll();
            if (!seen.add(from)) {
                continue;
            }
            for (PodInput input : inputs) {
                PodState to = PodMachine.step(from, input, Moment.of(T0)).state();
                assertThat(to.container("app").attempt())
                        .isGreaterThanOrEqualTo(from.container("app").attempt());
                assertThat(to.stage()).isGreaterThanOrEqualTo(from.stage());
                if (PodPhase.of(from).terminal()) {
                    assertThat(PodPhase.of(to)).isEqualTo(PodPhase.of(from));
                }
                PodMachine.nextTick(to, T0);
                open.add(to);
                lastResortEnds(from, input);
            }
        }
        assertThat(seen.size()).isGreaterThan(500);
    }

    private static PodPlan resized() {
        return PodPlan.of(
                FakeHost.podNamed()
                        .withNewSpec()
                        .withRestartPolicy("OnFailure")
                        .addNewInitContainer()
                        .withName("init")
                        .endInitContainer()
                        .addNewContainer()
                        .withName("app")
                        .withNewResources()
                        .addToRequests("memory", new Quantity("64Mi"))
                        .endResources()
                        .addNewResizePolicy("memory", "RestartContainer")
                        .endContainer()
                        .endSpec()
                        .build());
    }

    /// Whatever the state and the input: the pod fails or has ended, and nothing lives.
    private static void lastResortEnds(PodState from, PodInput input) {
        PodState failed = LastResort.step(from, input, "broken", Moment.of(T0)).state();
        assertThat(failed.stage()).isGreaterThanOrEqualTo(PodState.Stage.POWERING_OFF);
        assertThat(failed.stage()).isGreaterThanOrEqualTo(from.stage());
        PodState off =
                LastResort.step(failed, new PodInput.MachineOff(), "broken", Moment.of(T0)).state();
        assertThat(PodPhase.of(off).terminal()).isTrue();
        PodState removed =
                LastResort.step(off, new PodInput.ObjectGone(), "broken", Moment.of(T0)).state();
        assertThat(removed.stage()).isEqualTo(PodState.Stage.REMOVED);
    }
}
