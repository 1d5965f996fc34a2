package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.life.ContainerHealth.Condemnation;
import dev.monopod.agent.pod.life.PodState.Stage;
import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.model.time.Moment;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The pod's life as a pure function: `(state, input, now) → (state, effects)`. What it waits for
/// follows the steady clock alone; what is told of comes from the wall clock. First the input
/// changes the record it speaks of, then [PodProgress] derives what follows from the state as a
/// whole, so that a lost or repeated input does no harm.
public final class PodMachine {
    private static final Duration CONFIGURATION_RETRY = Duration.ofSeconds(10);

    /// The new state and what is to be done.
    public record Step(PodState state, List<PodEffect> effects) {}

    private final PodDraft draft;

    private PodMachine(PodDraft draft) {
        this.draft = draft;
    }

    public static Step step(PodState state, PodInput input, Moment now) {
        var draft = new PodDraft(state, now);
        new PodMachine(draft).accept(input);
        PodProgress.advance(draft);
        return new Step(draft.state(), draft.effects());
    }

    /// When, after `now`, by the steady clock both, the state has to be looked at again without any
    /// input.
    public static Optional<Instant> nextTick(PodState state, Instant now) {
        var next = Instant.MAX;
        for (var container : state.all()) {
            if (container.phase() instanceof ContainerPhase.Waiting waiting
                    && waiting.notBefore().isAfter(now)) {
                next = waiting.notBefore().isBefore(next) ? waiting.notBefore() : next;
            }
        }
        if (state.plan().activeDeadline().isPresent() && state.failure().isEmpty()) {
            var deadline = state.start().steady().plus(state.plan().activeDeadline().get());
            next = deadline.isAfter(now) && deadline.isBefore(next) ? deadline : next;
        }
        var forced = ForcedEnd.due(state).filter(at -> at.isAfter(now));
        next = forced.isPresent() && forced.get().isBefore(next) ? forced.get() : next;
        var retry = state.resize().retry().filter(at -> at.isAfter(now) && !state.ending());
        next = retry.isPresent() && retry.get().isBefore(next) ? retry.get() : next;
        return next.equals(Instant.MAX) ? Optional.empty() : Optional.of(next);
    }

    private PodState state() {
        return draft.state();
    }

    private void accept(PodInput input) {
        switch (input) {
            case PodInput.TakenUp(Optional<String> why) -> takenUp(why);
            case PodInput.Bound() -> draft.change(state().withBound());
            case PodInput.MachineReady() -> {
                if (state().stage() == Stage.STARTING) {
                    ready();
                }
            }
            case PodInput.GuestHas(Set<String> ids) -> {
                Inheritance.reconcile(state(), ids, draft.wall()).forEach(this::accept);
                draft.effect(new PodEffect.WatchContainers());
            }
            case PodInput.Prepared() -> draft.change(state().withPrepared());
            case PodInput.Changed(PodPlan plan) -> changed(plan);
            case PodInput.ImageReady(String name) ->
                    draft.put(state().container(name).withImage(true, Optional.empty()));
            case PodInput.ImageTrouble(String name, String reason, String message) ->
                    draft.put(
                            state().container(name)
                                    .withImage(
                                            false,
                                            Optional.of(
                                                    new ContainerPhase.Waiting(
                                                            reason, message, Instant.EPOCH))));
            case PodInput.Started started -> started(started);
            case PodInput.ConfigurationTrouble trouble -> trouble(trouble);
            case PodInput.Ended ended -> ended(ended);
            case PodInput.Hooked(String name, int attempt) ->
                    running(name, attempt)
                            .ifPresent(c -> draft.put(c.withHealth(c.health().withHooked())));
            case PodInput.StartupDone(String name, int attempt) ->
                    running(name, attempt)
                            .ifPresent(c -> draft.put(c.withHealth(c.health().withStarted())));
            case PodInput.Ready(String name, int attempt, boolean ready) ->
                    running(name, attempt)
                            .ifPresent(c -> draft.put(c.withHealth(c.health().withReady(ready))));
            case PodInput.Condemned(
                            String name,
                            int attempt,
                            String message,
                            Optional<Duration> grace) ->
                    running(name, attempt)
                            .ifPresent(c ->
                                    draft.put(
                                            c.withHealth(
                                                    c.health()
                                                            .withCondemned(
                                                                    new Condemnation(
                                                                            message, grace)))));
            case PodInput.Resized(int order) -> ResizeProgress.done(draft, order);
            case PodInput.ResizeTrouble(int order, String message) ->
                    ResizeProgress.failed(draft, order, message);
            case PodInput.Deletion(Duration grace) -> deletion(grace);
            case PodInput.ObjectGone() -> {
                draft.change(state().withObjectGone());
                deletion(Duration.ZERO);
            }
            case PodInput.Fail(String reason, String message, Duration grace) ->
                    draft.fail(reason, message, grace);
            case PodInput.MachineLost(String message) -> lost(message);
            case PodInput.MachineOff() -> {
                if (state().stage() == Stage.POWERING_OFF) {
                    draft.change(state().withStage(Stage.OFF));
                }
            }
            case PodInput.Tick() -> {}
        }
    }

    private void takenUp(Optional<String> lost) {
        if (lost.isPresent()) {
            draft.effect(new PodEffect.KeepNode());
            draft.change(state().withBound());
            lost(lost.get());
            return;
        }
        switch (state().stage()) {
            case STARTING -> draft.effect(new PodEffect.StartUp());
            case OFF -> draft.effect(new PodEffect.KeepNode());
            case READY, POWERING_OFF, REMOVED -> {}
        }
    }

    /// What an earlier life left alive is compared with what the guest has, before that is
    /// followed.
    private void ready() {
        draft.change(state().withStage(Stage.READY));
        var inherited = state().all().stream().anyMatch(c -> c.health().inherited());
        draft.effect(inherited ? new PodEffect.ListContainers() : new PodEffect.WatchContainers());
    }

    private void changed(PodPlan plan) {
        if (state().ending()) {
            return;
        }
        draft.change(state().withPlan(plan));
        for (var container : plan.containers()) {
            var known = Optional.ofNullable(state().containers().get(container.name()));
            var next =
                    known.map(record -> record.withPlan(container))
                            .orElseGet(() -> ContainerRecord.initial(container));
            draft.put(next);
            boolean other =
                    known.map(c -> !c.plan().image().equals(container.image())).orElse(true);
            if (other && !(next.phase() instanceof ContainerPhase.Terminated)) {
                draft.effect(new PodEffect.PullImage(container.name()));
            }
        }
    }

    /// The shortest grace counts, also for a stop that is under way.
    private void deletion(Duration grace) {
        var deadline = draft.now().plus(grace);
        if (state().deletion().isPresent() && !deadline.isBefore(state().deletion().get())) {
            return;
        }
        draft.change(state().withDeletion(deadline));
        for (var container : state().all()) {
            if (container.phase() instanceof ContainerPhase.Running running && running.stopping()) {
                draft.effect(new PodEffect.Hasten(container.name(), container.attempt(), grace));
            }
        }
    }

    private void started(PodInput.Started started) {
        var container = state().container(started.container());
        if (container.attempt() == started.attempt()
                && container.phase() instanceof ContainerPhase.Starting) {
            container = container.withPhase(new ContainerPhase.Running(started.at()));
            draft.put(container);
        }
        if (container.attempt() == started.attempt()
                && container.phase() instanceof ContainerPhase.Running
                && container.health().inherited()) {
            draft.put(container.withHealth(container.health().withInherited(false).withHooked()));
            draft.effect(
                    new PodEffect.ResumeProbes(
                            container.name(), container.attempt(), started.at()));
        }
    }

    private void trouble(PodInput.ConfigurationTrouble trouble) {
        var container = state().container(trouble.container());
        if (container.attempt() == trouble.attempt()
                && container.phase() instanceof ContainerPhase.Starting) {
            draft.put(
                    container.withPhase(
                            new ContainerPhase.Waiting(
                                    trouble.reason(),
                                    trouble.message(),
                                    draft.now().plus(CONFIGURATION_RETRY))));
        }
    }

    private Optional<ContainerRecord> running(String name, int attempt) {
        return Optional.of(state().container(name))
                .filter(c -> c.attempt() == attempt && c.phase() instanceof ContainerPhase.Running);
    }

    private void ended(PodInput.Ended ended) {
        draft.effect(new PodEffect.AttemptOver(ended.container(), ended.attempt()));
        var container = state().container(ended.container());
        if (container.attempt() != ended.attempt()
                || container.phase() instanceof ContainerPhase.Terminated) {
            return;
        }
        var end = ended.termination();
        if (!state().ending() && RestartDecision.all(container.plan(), end.exitCode())) {
            draft.change(state().withRestarting());
        }
        if (state().restarting() || !restarts(container, end)) {
            draft.put(container.withPhase(new ContainerPhase.Terminated(end)));
        } else if (container.definitionChanged()) {
            draft.put(
                    container.again(
                            end,
                            new ContainerPhase.Waiting("ContainerCreating", "", Instant.EPOCH),
                            RestartBackoff.NONE));
        } else {
            restart(container, end);
        }
    }

    private void restart(ContainerRecord container, Termination end) {
        // The guest has a clock of its own, so it counts from now.
        var ended = draft.now();
        var notBefore = container.backoff().notBefore(ended);
        var pod = state().plan().display();
        var message =
                "back-off %s restarting failed container=%s pod=%s"
                        .formatted(
                                RestartBackoff.display(Duration.between(ended, notBefore)),
                                container.name(),
                                pod);
        draft.put(
                container.again(
                        end,
                        new ContainerPhase.Waiting(
                                "CrashLoopBackOff",
                                message,
                                notBefore.isAfter(ended) ? notBefore : Instant.EPOCH),
                        container.backoff().restarted(ended)));
        if (notBefore.isAfter(ended)) {
            draft.effect(
                    new PodEffect.BackOff(
                            container.name(),
                            "Back-off restarting failed container %s in pod %s"
                                    .formatted(container.name(), pod)));
        }
    }

    private boolean restarts(ContainerRecord container, Termination end) {
        var ofPod = state().plan().restartPolicy();
        if (state().ending()) {
            return false;
        }
        return switch (container.plan().kind()) {
            case EPHEMERAL -> false;
            case SIDECAR -> !PodProgress.finished(state());
            case INIT ->
                    !end.succeeded()
                            && RestartDecision.again(container.plan(), ofPod, end.exitCode());
            case MAIN ->
                    container.definitionChanged()
                            || state().resize().restarts(container.name(), container.attempt())
                            || RestartDecision.again(container.plan(), ofPod, end.exitCode());
        };
    }

    /// The machine is gone: what ran in it ended at an unknown moment with an unknown code.
    private void lost(String message) {
        if (state().stage() != Stage.STARTING && state().stage() != Stage.READY) {
            return;
        }
        draft.fail("MachineLost", message, Duration.ZERO);
        draft.change(
                ForcedEnd.of(
                        state(),
                        "The machine ended while the container ran: " + message,
                        draft.wall()));
    }
}
