package dev.monopod.agent.pod.life;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.agent.pod.spec.Signals;
import dev.monopod.agent.pod.status.PodFacts;
import dev.monopod.agent.pod.status.PodStatusView;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ContainerRestartRule;
import io.fabric8.kubernetes.api.model.ContainerRestartRuleBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The kubelet's rules of restarts, order, hooks and deadlines, each as a case of its own.
class LifecycleRulesTest {
    private static Container container(String name) {
        return new ContainerBuilder().withName(name).withImage(name + ":1").build();
    }

    private static Container sidecar(String name) {
        return new ContainerBuilder(container(name)).withRestartPolicy("Always").build();
    }

    private static Container with(
            Container container, @Nullable String policy, ContainerRestartRule... rules) {
        return new ContainerBuilder(container)
                .withRestartPolicy(policy)
                .withRestartPolicyRules(rules)
                .build();
    }

    private static ContainerRestartRule rule(String action, String operator, Integer... codes) {
        return new ContainerRestartRuleBuilder()
                .withAction(action)
                .withNewExitCodes()
                .withOperator(operator)
                .withValues(codes)
                .endExitCodes()
                .build();
    }

    private static PodLife pod(String policy, List<Container> init, List<Container> main) {
        return new PodLife(spec ->
                spec.withRestartPolicy(policy)
                        .withTerminationGracePeriodSeconds(30L)
                        .withInitContainers(init)
                        .withContainers(main));
    }

    private static boolean again(Container container, PodPlan.RestartPolicy ofPod, int code) {
        return RestartDecision.again(
                new ContainerPlan(ContainerPlan.Kind.MAIN, container), ofPod, code);
    }

    @Test
    void rulesGoBeforeTheContainersPolicyAndThatBeforeThePods() {
        var never = PodPlan.RestartPolicy.NEVER;
        var always = PodPlan.RestartPolicy.ALWAYS;
        Container plain = container("app");
        assertThat(again(plain, always, 0)).isTrue();
        assertThat(again(plain, PodPlan.RestartPolicy.ON_FAILURE, 0)).isFalse();
        assertThat(again(plain, PodPlan.RestartPolicy.ON_FAILURE, 1)).isTrue();
        assertThat(again(with(plain, "Never"), always, 1)).isFalse();
        assertThat(again(with(plain, "OnFailure"), never, 1)).isTrue();
        assertThat(again(with(plain, "OnFailure"), never, 0)).isFalse();
        Container in = with(plain, "Never", rule("Restart", "In", 42, 43));
        assertThat(again(in, always, 43)).isTrue();
        assertThat(again(in, always, 1)).isFalse();
        Container notIn = with(plain, "Never", rule("Restart", "NotIn", 0, 3));
        assertThat(again(notIn, always, 1)).isTrue();
        assertThat(again(notIn, always, 3)).isFalse();
        assertThat(again(notIn, always, 0)).isFalse();
    }

    @Test
    void aRuleRestartsAContainerOfAPodThatNeverRestarts() {
        PodLife pod =
                pod(
                                "Never",
                                List.of(),
                                List.of(with(container("app"), "Never", rule("Restart", "In", 42))))
                        .up();
        pod.runs("app", 0);
        pod.ended("app", 0, 42);
        assertThat(pod.told()).containsExactly("start app 1");
        pod.runs("app", 1);
        assertThat(PodPhase.of(pod.state)).isEqualTo(PodPhase.Running);
        pod.ended("app", 1, 1);
        assertThat(pod.told()).containsExactly("power off");
        assertThat(PodPhase.of(pod.state)).isEqualTo(PodPhase.Failed);
    }

    @Test
    void anInitContainersOwnPolicyCounts() {
        PodLife pod =
                pod("Always", List.of(with(container("init"), "Never")), List.of(container("app")))
                        .up();
        pod.started("init", 0);
        pod.ended("init", 0, 1);
        assertThat(pod.told()).containsExactly("power off");
        PodLife other =
                pod(
                                "Never",
                                List.of(with(container("init"), "OnFailure")),
                                List.of(container("app")))
                        .up();
        other.started("init", 0);
        other.ended("init", 0, 1);
        assertThat(other.told()).containsExactly("start init 1");
    }

    @Test
    void aKilledContainerIsSaidToBeRestartedOnlyWhenItsPolicySaysSo() {
        var main = new ContainerPlan(ContainerPlan.Kind.MAIN, container("app"));
        var never =
                new ContainerPlan(
                        ContainerPlan.Kind.MAIN,
                        with(container("app"), "Never", rule("Restart", "NotIn", 0)));
        var sidecar = new ContainerPlan(ContainerPlan.Kind.SIDECAR, sidecar("proxy"));
        var always = PodPlan.RestartPolicy.ALWAYS;
        assertThat(RestartDecision.killing(main, always, "failed liveness probe"))
                .isEqualTo("Container app failed liveness probe, will be restarted");
        assertThat(RestartDecision.killing(never, always, "failed liveness probe"))
                .isEqualTo("Container app failed liveness probe");
        assertThat(RestartDecision.killing(sidecar, always, "failed startup probe"))
                .isEqualTo("Init container proxy failed startup probe");
    }

    @Test
    void oneExitBeginsAllContainersAnew() {
        PodLife pod =
                pod(
                                "Never",
                                List.of(container("init"), sidecar("proxy")),
                                List.of(
                                        with(
                                                container("app"),
                                                "Never",
                                                rule("RestartAllContainers", "In", 42)),
                                        container("other")))
                        .up();
        pod.started("init", 0);
        pod.ended("init", 0, 0);
        pod.runs("proxy", 0);
        pod.runs("app", 0);
        pod.runs("other", 0);
        pod.ended("app", 0, 42);
        assertThat(pod.told())
                .containsExactlyInAnyOrder(
                        "stop proxy 2s WITHOUT_HOOK", "stop other 2s WITHOUT_HOOK");
        assertThat(restarting(pod)).isEqualTo("True");
        pod.ended("proxy", 0, 143);
        assertThat(pod.told()).isEmpty();
        pod.ended("other", 0, 0);
        assertThat(pod.told()).containsExactly("start init 1");
        assertThat(pod.state.container("app").last().orElseThrow())
                .matches(end -> end.exitCode() == 137)
                .matches(end -> end.reason().equals("RestartingAllContainers"));
        assertThat(PodPhase.of(pod.state)).isEqualTo(PodPhase.Running);
        assertThat(restarting(pod)).isEqualTo("False");
        pod.started("init", 1);
        pod.ended("init", 1, 0);
        assertThat(pod.told()).containsExactly("start proxy 1");
        assertThat(pod.runs("proxy", 1)).containsExactly(new PodEffect.StartContainer("app", 1));
    }

    private static String restarting(PodLife pod) {
        return PodStatusView.render(
                        pod.state,
                        new PodFacts(
                                "10.0.0.1", "10.0.0.1", java.util.Map.of(), java.util.Map.of(), 3),
                        new PodStatus(),
                        List.of(),
                        pod.now)
                .getConditions()
                .stream()
                .filter(c -> c.getType().equals("AllContainersRestarting"))
                .findFirst()
                .orElseThrow()
                .getStatus();
    }

    @Test
    void containersStartOneAfterAnotherAndWaitForTheHookOfTheOneBefore() {
        PodLife pod = pod("Always", List.of(), List.of(container("a"), container("b"))).up();
        assertThat(pod.state.container("b").phase()).isInstanceOf(ContainerPhase.Waiting.class);
        pod.started("a", 0);
        assertThat(pod.told()).isEmpty();
        assertThat(PodPhase.of(pod.state)).isEqualTo(PodPhase.Pending);
        pod.input(new PodInput.Hooked("a", 0));
        assertThat(pod.told()).containsExactly("start b 0");
    }

    @Test
    void troubleWithOneContainerDoesNotHoldUpTheNext() {
        PodLife pod = pod("Always", List.of(), List.of(container("a"), container("b")));
        pod.input(new PodInput.Bound());
        pod.input(new PodInput.MachineReady());
        pod.input(new PodInput.Prepared());
        pod.input(new PodInput.ImageReady("b"));
        assertThat(pod.told()).isEmpty();
        pod.input(new PodInput.ImageTrouble("a", "ErrImagePull", "no"));
        assertThat(pod.told()).containsExactly("start b 0");
    }

    @Test
    void hooksOfSidecarsRunAtOnceAndTheirSignalsComeInReverseOrder() {
        PodLife pod =
                pod("Always", List.of(sidecar("one"), sidecar("two")), List.of(container("app")))
                        .up();
        pod.runs("one", 0);
        pod.runs("two", 0);
        pod.runs("app", 0);
        pod.input(new PodInput.Deletion(Duration.ofSeconds(20)));
        assertThat(pod.told())
                .containsExactly(
                        "stop one 20s AFTER_OTHERS",
                        "stop two 20s AFTER_OTHERS",
                        "stop app 20s ORDINARY");
        pod.ended("app", 0, 0);
        assertThat(pod.told()).containsExactly("turn two");
        pod.input(new PodInput.Tick());
        assertThat(pod.told()).isEmpty();
        pod.ended("two", 0, 1);
        assertThat(pod.told()).containsExactly("turn one");
        pod.ended("one", 0, 137);
        assertThat(pod.told()).containsExactly("power off");
    }

    @Test
    void aPodCompletesWhateverItsSidecarsSay() {
        PodLife pod = pod("Never", List.of(sidecar("proxy")), List.of(container("app"))).up();
        pod.runs("proxy", 0);
        pod.runs("app", 0);
        pod.ended("proxy", 0, 1);
        assertThat(pod.told()).containsExactly("start proxy 1");
        pod.runs("proxy", 1);
        pod.ended("app", 0, 0);
        assertThat(pod.told()).containsExactly("stop proxy 30s ORDINARY");
        pod.ended("proxy", 1, 137);
        assertThat(pod.told()).containsExactly("power off");
        assertThat(PodPhase.of(pod.state)).isEqualTo(PodPhase.Succeeded);
    }

    @Test
    void aSidecarIsNotStartedAgainOnceInitializationHasFailed() {
        PodLife pod =
                pod(
                                "Never",
                                List.of(sidecar("proxy"), container("init")),
                                List.of(container("app")))
                        .up();
        pod.runs("proxy", 0);
        pod.started("init", 0);
        pod.ended("init", 0, 1);
        assertThat(pod.told()).containsExactly("stop proxy 30s ORDINARY");
        pod.ended("proxy", 0, 143);
        assertThat(pod.told()).containsExactly("power off");
        assertThat(PodPhase.of(pod.state)).isEqualTo(PodPhase.Failed);
    }

    @Test
    void aSecondDeletionOnlyEverShortensTheFirst() {
        PodLife pod = pod("Always", List.of(), List.of(container("app"))).up();
        pod.runs("app", 0);
        pod.input(new PodInput.Deletion(Duration.ofSeconds(60)));
        pod.input(new PodInput.Deletion(Duration.ofSeconds(90)));
        assertThat(pod.told()).isEmpty();
        pod.input(new PodInput.Deletion(Duration.ofSeconds(5)));
        assertThat(pod.told()).containsExactly("hasten app 5s");
    }

    @Test
    void aChangedImageRestartsTheContainerWithoutRegardToItsPolicy() {
        PodLife pod = pod("Never", List.of(), List.of(container("app"))).up();
        pod.runs("app", 0);
        Container changed = new ContainerBuilder(container("app")).withImage("app:2").build();
        PodPlan plan =
                PodLife.plan(spec -> spec.withRestartPolicy("Never").withContainers(changed));
        pod.input(new PodInput.Changed(plan));
        assertThat(pod.told()).containsExactly("pull app", "stop app 30s ORDINARY");
        pod.input(new PodInput.Changed(plan));
        assertThat(pod.told()).isEmpty();
        pod.ended("app", 0, 143);
        assertThat(pod.told()).isEmpty();
        pod.input(new PodInput.ImageReady("app"));
        assertThat(pod.told()).containsExactly("start app 1");
        assertThat(pod.state.container("app").image()).isEqualTo("app:2");
    }

    @Test
    void aChangedImageKnowsNoBackOff() {
        PodLife pod = pod("Always", List.of(), List.of(container("app"))).up();
        pod.runs("app", 0);
        pod.ended("app", 0, 1);
        pod.runs("app", 1);
        pod.ended("app", 1, 1);
        assertThat(pod.told()).containsExactly("back-off app");
        Container changed = new ContainerBuilder(container("app")).withImage("app:2").build();
        pod.input(
                new PodInput.Changed(
                        PodLife.plan(
                                spec -> spec.withRestartPolicy("Always").withContainers(changed))));
        pod.input(new PodInput.ImageReady("app"));
        assertThat(pod.told()).containsExactly("start app 2");
    }

    @Test
    void aShortenedDeadlineCountsAtOnce() {
        PodLife pod = pod("Always", List.of(), List.of(container("app"))).up();
        pod.runs("app", 0);
        pod.now = pod.now.plusSeconds(61);
        pod.input(
                new PodInput.Changed(
                        PodLife.plan(spec ->
                                spec.withRestartPolicy("Always")
                                        .withActiveDeadlineSeconds(60L)
                                        .withContainers(container("app")))));
        assertThat(pod.told()).containsExactly("event DeadlineExceeded", "stop app 30s ORDINARY");
    }

    @Test
    void writesBackOffsAsGoDoes() {
        PodLife pod = pod("Always", List.of(), List.of(container("app"))).up();
        for (int attempt = 0; attempt < 6; attempt++) {
            pod.runs("app", attempt);
            pod.ended("app", attempt, 1);
            pod.now = PodMachine.nextTick(pod.state, pod.now).orElse(pod.now);
            if (attempt < 5) {
                pod.input(new PodInput.Tick());
            }
        }
        assertThat(pod.state.container("app").phase())
                .isInstanceOfSatisfying(
                        ContainerPhase.Waiting.class,
                        waiting ->
                                assertThat(waiting.message())
                                        .startsWith(
                                                "back-off 2m40s restarting failed container=app pod="));
        assertThat(RestartBackoff.display(Duration.ofSeconds(10))).isEqualTo("10s");
        assertThat(RestartBackoff.display(Duration.ofSeconds(300))).isEqualTo("5m0s");
    }

    @Test
    void anAgentThatWasKilledDoesNotStopWhatItHasNotReached() {
        PodLife pod = pod("Always", List.of(), List.of(container("app")));
        pod.state =
                pod.state.with(
                        pod.state
                                .container("app")
                                .withPhase(new ContainerPhase.Running(PodLife.T0)));
        pod.input(new PodInput.Deletion(Duration.ofSeconds(5)));
        assertThat(pod.told()).isEmpty();
        pod.input(new PodInput.MachineReady());
        assertThat(pod.told()).containsExactly("watch", "stop app 5s ORDINARY");
    }

    @Test
    void evictionIsADisruption() {
        PodLife pod = pod("Always", List.of(), List.of(container("app"))).up();
        pod.runs("app", 0);
        pod.input(
                new PodInput.Fail(
                        "Evicted", "The node was low on resource: memory.", Duration.ZERO));
        PodStatus status =
                PodStatusView.render(
                        pod.state,
                        new PodFacts(
                                "10.0.0.1", "10.0.0.1", java.util.Map.of(), java.util.Map.of(), 3),
                        new PodStatus(),
                        List.of(),
                        pod.now);
        assertThat(status.getConditions())
                .filteredOn(c -> c.getType().equals("DisruptionTarget"))
                .singleElement()
                .matches(c -> c.getReason().equals("TerminationByKubelet"));
        assertThat(status.getObservedGeneration()).isEqualTo(3);
        assertThat(status.getConditions()).allMatch(c -> c.getObservedGeneration() == 3);
    }

    @Test
    void readsStopSignalsByEveryNameAndNamesThemBack() {
        assertThat(Signals.parse(Optional.of("SIGRTMIN+3"))).isEqualTo(37);
        assertThat(Signals.parse(Optional.of("SIGRTMAX-1"))).isEqualTo(63);
        assertThat(Signals.parse(Optional.of("SIGUSR1"))).isEqualTo(10);
        assertThat(Signals.name(10)).isEqualTo("SIGUSR1");
        assertThat(Signals.name(37)).isEqualTo("SIGRTMIN+3");
        Container own =
                new ContainerBuilder(container("app"))
                        .withNewLifecycle()
                        .withStopSignal("SIGUSR2")
                        .endLifecycle()
                        .build();
        var image =
                new dev.monopod.host.image.ImageStore.ImageConfig(
                        List.of(),
                        List.of(),
                        List.of(),
                        "",
                        "",
                        Optional.of("SIGQUIT"),
                        java.util.Map.of(),
                        List.of());
        assertThat(Signals.of(own, image)).isEqualTo(12);
        assertThat(Signals.of(container("app"), image)).isEqualTo(3);
    }
}
