package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.agent.pod.worker.FakeHost;
import dev.monopod.model.time.Moment;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodFluent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// A pod's state with a clock, moved input by input, for tests of its rules.
final class PodLife {
    static final Instant T0 = Instant.parse("2026-11-24T00:00:00Z");
    final List<PodEffect> effects = new ArrayList<>();
    Instant now = T0;

    /// By how much the wall clock was set since.
    Duration set = Duration.ZERO;

    PodState state;

    /// @param spec adds to a specification with nothing in it
    PodLife(UnaryOperator<PodFluent<PodBuilder>.SpecNested<PodBuilder>> spec) {
        state = PodState.initial(plan(spec), Moment.of(T0));
    }

    static PodPlan plan(UnaryOperator<PodFluent<PodBuilder>.SpecNested<PodBuilder>> spec) {
        return PodPlan.of(spec.apply(FakeHost.podNamed().withNewSpec()).endSpec().build());
    }

    /// Everything that a pod waits for is there.
    PodLife up() {
        state.containers().keySet().forEach(name -> input(new PodInput.ImageReady(name)));
        input(new PodInput.Bound());
        input(new PodInput.MachineReady());
        input(new PodInput.Prepared());
        return this;
    }

    Moment moment() {
        return new Moment(now.plus(set), now);
    }

    List<PodEffect> input(PodInput input) {
        PodMachine.Step step = PodMachine.step(state, input, moment());
        state = step.state();
        effects.clear();
        step.effects().stream().filter(PodLife::moves).forEach(effects::add);
        return effects;
    }

    /// Whether it moves the pod on, and does not only tidy up after an attempt.
    static boolean moves(PodEffect effect) {
        return !(effect instanceof PodEffect.AttemptOver);
    }

    List<PodEffect> started(String name, int attempt) {
        return input(new PodInput.Started(name, attempt, now));
    }

    List<PodEffect> runs(String name, int attempt) {
        started(name, attempt);
        List<PodEffect> all = new ArrayList<>(effects);
        all.addAll(input(new PodInput.Hooked(name, attempt)));
        all.addAll(input(new PodInput.StartupDone(name, attempt)));
        all.addAll(input(new PodInput.Ready(name, attempt, true)));
        effects.clear();
        effects.addAll(all);
        return effects;
    }

    List<PodEffect> ended(String name, int attempt, int code) {
        return input(
                new PodInput.Ended(
                        name,
                        attempt,
                        new Termination(
                                "id", code, 0, code == 0 ? "Completed" : "Error", "", now, now)));
    }

    /// The effects in short: `start app 0`, `stop app`, `turn app` …
    List<String> told() {
        return effects.stream().map(PodLife::told).toList();
    }

    private static String told(PodEffect effect) {
        return switch (effect) {
            case PodEffect.StartUp() -> "start up";
            case PodEffect.KeepNode() -> "keep node";
            case PodEffect.ListContainers() -> "list";
            case PodEffect.WatchContainers() -> "watch";
            case PodEffect.ResumeProbes(String name, int attempt, Instant _) ->
                    "probe " + name + " " + attempt;
            case PodEffect.AttemptOver(String name, int attempt) -> "over " + name + " " + attempt;
            case PodEffect.PullImage(String name) -> "pull " + name;
            case PodEffect.StartContainer(String name, int attempt) ->
                    "start " + name + " " + attempt;
            case PodEffect.StopContainer stop ->
                    "stop %s %ds %s"
                            .formatted(stop.container(), stop.grace().toSeconds(), stop.manner());
            case PodEffect.TakeTurn(String name, int _) -> "turn " + name;
            case PodEffect.Hasten hasten ->
                    "hasten %s %ds".formatted(hasten.container(), hasten.grace().toSeconds());
            case PodEffect.BackOff(String name, String _) -> "back-off " + name;
            case PodEffect.PodEvent(String reason, String _) -> "event " + reason;
            case PodEffect.PodWarning(String reason, String _) -> "warning " + reason;
            case PodEffect.Resize resize ->
                    resize.target().all()
                            ? "limit all"
                            : "limit %s %d"
                                    .formatted(
                                            resize.target().container(), resize.target().attempt());
            case PodEffect.PowerOff() -> "power off";
            case PodEffect.Remove() -> "remove";
        };
    }
}
