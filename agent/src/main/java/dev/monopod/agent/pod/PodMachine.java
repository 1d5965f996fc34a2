package dev.monopod.agent.pod;

import dev.monopod.agent.pod.PodState.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The pod's life as a pure function: `(state, input, now) → (state, effects)`. First the input
/// changes the record it speaks of, then [#advance] derives what follows from the state as a whole,
/// so that a lost or repeated input does no harm.
final class PodMachine {
    private static final Duration CONFIGURATION_RETRY = Duration.ofSeconds(10);
    private static final Duration MINIMUM_GRACE = Duration.ofSeconds(2);

    /// The new state and what is to be done.
    record Step(PodState state, List<PodEffect> effects) {}

    private final List<PodEffect> effects = new ArrayList<>();
    private final Instant now;
    private PodState state;

    private PodMachine(PodState state, Instant now) {
        this.state = state;
        this.now = now;
    }

    static Step step(PodState state, PodInput input, Instant now) {
        PodMachine machine = new PodMachine(state, now);
        machine.accept(input);
        machine.advance();
        return new Step(machine.state, List.copyOf(machine.effects));
    }

    /// When, after `now`, the state has to be looked at again without any input.
    static Optional<Instant> nextTick(PodState state, Instant now) {
        Instant next = Instant.MAX;
        for (ContainerRecord container : state.all()) {
            if (container.phase() instanceof ContainerPhase.Waiting waiting
                    && waiting.notBefore().isAfter(now)) {
                next = waiting.notBefore().isBefore(next) ? waiting.notBefore() : next;
            }
        }
        if (state.plan().activeDeadline().isPresent() && state.failure().isEmpty()) {
            Instant deadline = state.startTime().plus(state.plan().activeDeadline().get());
            next = deadline.isAfter(now) && deadline.isBefore(next) ? deadline : next;
        }
        Optional<Instant> forced = ForcedEnd.due(state).filter(at -> at.isAfter(now));
        next = forced.isPresent() && forced.get().isBefore(next) ? forced.get() : next;
        return next.equals(Instant.MAX) ? Optional.empty() : Optional.of(next);
    }

    private void accept(PodInput input) {
        switch (input) {
            case PodInput.Bound() -> state = state.withBound();
            case PodInput.MachineReady() -> {
                if (state.stage() == Stage.STARTING) {
                    state = state.withStage(Stage.READY);
                }
            }
            case PodInput.Prepared() -> state = state.withPrepared();
            case PodInput.Grown(PodPlan plan) -> grown(plan);
            case PodInput.ImageReady(String name) ->
                    state = state.with(state.container(name).withImage(true, Optional.empty()));
            case PodInput.ImageTrouble(String name, String reason, String message) ->
                    state =
                            state.with(
                                    state.container(name)
                                            .withImage(
                                                    false,
                                                    Optional.of(
                                                            new ContainerPhase.Waiting(
                                                                    reason,
                                                                    message,
                                                                    Instant.EPOCH))));
            case PodInput.Started started -> started(started);
            case PodInput.ConfigurationTrouble trouble -> trouble(trouble);
            case PodInput.Ended ended -> ended(ended);
            case PodInput.StartupDone(String name, int attempt) -> {
                if (running(name, attempt)) {
                    state = state.with(state.container(name).withStarted());
                }
            }
            case PodInput.Ready(String name, int attempt, boolean ready) -> {
                if (running(name, attempt)) {
                    state = state.with(state.container(name).withReady(ready));
                }
            }
            case PodInput.Condemned(
                            String name,
                            int attempt,
                            String message,
                            Optional<Duration> grace) -> {
                if (running(name, attempt)) {
                    stop(state.container(name), grace.orElse(state.plan().grace()), message);
                }
            }
            case PodInput.Deletion(Duration grace) -> deletion(grace);
            case PodInput.Fail(String reason, String message, Duration grace) ->
                    fail(reason, message, grace);
            case PodInput.MachineLost(String message) -> lost(message);
            case PodInput.MachineOff() -> {
                if (state.stage() != Stage.REMOVED) {
                    state = state.withStage(Stage.OFF);
                }
            }
            case PodInput.Tick() -> {}
        }
    }

    private void grown(PodPlan plan) {
        for (ContainerPlan container : plan.containers()) {
            if (!state.containers().containsKey(container.name()) && !ending()) {
                state = state.withAdded(plan, container);
                effects.add(new PodEffect.PullImage(container.name()));
            }
        }
    }

    /// The shortest grace counts; none at all overrides a stop that is under way.
    private void deletion(Duration grace) {
        Instant deadline = now.plus(grace);
        if (state.deletion().isPresent() && !deadline.isBefore(state.deletion().get())) {
            return;
        }
        boolean overridden = state.deletion().isPresent() && !grace.isPositive();
        state = state.withDeletion(deadline);
        for (ContainerRecord container : state.all()) {
            if (overridden
                    && container.phase() instanceof ContainerPhase.Running(Instant since, _)) {
                state = state.with(container.withPhase(new ContainerPhase.Running(since, false)));
            }
        }
    }

    private void started(PodInput.Started started) {
        ContainerRecord container = state.container(started.container());
        if (container.attempt() == started.attempt()
                && container.phase() instanceof ContainerPhase.Starting) {
            state =
                    state.with(
                            container.withPhase(new ContainerPhase.Running(started.at(), false)));
        }
    }

    private void trouble(PodInput.ConfigurationTrouble trouble) {
        ContainerRecord container = state.container(trouble.container());
        if (container.attempt() == trouble.attempt()
                && container.phase() instanceof ContainerPhase.Starting) {
            state =
                    state.with(
                            container.withPhase(
                                    new ContainerPhase.Waiting(
                                            trouble.reason(),
                                            trouble.message(),
                                            now.plus(CONFIGURATION_RETRY))));
        }
    }

    private boolean running(String name, int attempt) {
        ContainerRecord container = state.container(name);
        return container.attempt() == attempt
                && container.phase() instanceof ContainerPhase.Running;
    }

    private void ended(PodInput.Ended ended) {
        ContainerRecord container = state.container(ended.container());
        if (container.attempt() != ended.attempt()
                || container.phase() instanceof ContainerPhase.Terminated) {
            return;
        }
        Termination termination = ended.termination();
        if (!restarts(container, termination)) {
            state = state.with(container.withPhase(new ContainerPhase.Terminated(termination)));
            return;
        }
        Instant notBefore = container.backoff().notBefore(termination.finishedAt());
        Duration wait = container.backoff().delay().orElse(Duration.ZERO);
        String message =
                "back-off %ds restarting failed container=%s pod=%s"
                        .formatted(wait.toSeconds(), container.name(), state.plan().display());
        state =
                state.with(
                        container.again(
                                termination,
                                new ContainerPhase.Waiting(
                                        "CrashLoopBackOff", message, notBefore)));
        if (notBefore.isAfter(now)) {
            effects.add(
                    new PodEffect.BackOff(
                            container.name(),
                            "Back-off restarting failed container %s in pod %s"
                                    .formatted(container.name(), state.plan().display())));
        }
    }

    private boolean restarts(ContainerRecord container, Termination termination) {
        if (ending()) {
            return false;
        }
        return switch (container.plan().kind()) {
            case EPHEMERAL -> false;
            case SIDECAR -> !mainsEnded();
            case INIT ->
                    !termination.succeeded()
                            && state.plan().restartPolicy() != PodPlan.RestartPolicy.NEVER;
            case MAIN ->
                    switch (state.plan().restartPolicy()) {
                        case ALWAYS -> true;
                        case ON_FAILURE -> !termination.succeeded();
                        case NEVER -> false;
                    };
        };
    }

    private boolean ending() {
        return state.deletion().isPresent()
                || state.failure().isPresent()
                || state.stage() == Stage.POWERING_OFF
                || state.stage() == Stage.OFF
                || state.stage() == Stage.REMOVED;
    }

    private void fail(String reason, String message, Duration grace) {
        if (state.failure().isEmpty() && !ending()) {
            state = state.withFailure(new PodState.Failure(reason, message, now.plus(grace)));
        }
    }

    /// The machine is gone: what ran in it ended at an unknown moment with an unknown code.
    private void lost(String message) {
        if (state.stage() != Stage.STARTING && state.stage() != Stage.READY) {
            return;
        }
        if (state.failure().isEmpty() && state.deletion().isEmpty()) {
            state = state.withFailure(new PodState.Failure("MachineLost", message, now));
        }
        state = ForcedEnd.of(state, "The machine ended while the container ran: " + message, now);
    }

    private void advance() {
        switch (state.stage()) {
            case POWERING_OFF, REMOVED -> {}
            case OFF -> {
                if (state.deletion().isPresent()) {
                    effects.add(new PodEffect.Remove());
                    state = state.withStage(Stage.REMOVED);
                }
            }
            case STARTING, READY -> advanceLive();
        }
    }

    private void advanceLive() {
        if (state.plan().activeDeadline().isPresent()
                && !now.isBefore(state.startTime().plus(state.plan().activeDeadline().get()))) {
            fail(
                    "DeadlineExceeded",
                    "Pod was active on the node longer than the specified deadline",
                    state.plan().grace());
        }
        if (ForcedEnd.due(state).filter(at -> !now.isBefore(at)).isPresent()) {
            state = ForcedEnd.of(state, "The container did not end when it was killed", now);
        }
        if (state.deletion().isPresent()) {
            stopAll(state.deletion().get(), "Stopping container %s");
        } else if (state.failure().isPresent()) {
            stopAll(state.failure().get().deadline(), "Stopping container %s");
        } else if (state.stage() == Stage.READY && state.prepared() && state.bound()) {
            run();
        }
    }

    private void run() {
        state.ofKind(ContainerPlan.Kind.EPHEMERAL).forEach(this::startIfDue);
        if (!runInitContainers()) {
            return;
        }
        state = state.withInitialized();
        for (ContainerRecord main : state.ofKind(ContainerPlan.Kind.MAIN)) {
            startIfDue(main);
        }
        if (mainsEnded()) {
            stopAll(now.plus(state.plan().grace()), "Stopping container %s");
        }
    }

    /// Returns whether the ordinary containers may run.
    private boolean runInitContainers() {
        for (ContainerRecord container : state.all()) {
            switch (container.plan().kind()) {
                case MAIN, EPHEMERAL -> {
                    return true;
                }
                case SIDECAR -> {
                    startIfDue(container);
                    if (!container.everStarted() && !state.initialized()) {
                        return false;
                    }
                }
                case INIT -> {
                    if (state.initialized()) {
                        continue;
                    }
                    if (container.phase() instanceof ContainerPhase.Terminated(Termination end)) {
                        if (!end.succeeded()) {
                            stopAll(now.plus(state.plan().grace()), "Stopping container %s");
                            return false;
                        }
                    } else {
                        startIfDue(container);
                        return false;
                    }
                }
            }
        }
        return true;
    }

    private void startIfDue(ContainerRecord container) {
        if (container.phase() instanceof ContainerPhase.Waiting waiting
                && container.imageReady()
                && !waiting.notBefore().isAfter(now)) {
            state = state.with(container.withPhase(new ContainerPhase.Starting()));
            effects.add(new PodEffect.StartContainer(container.name(), container.attempt()));
        }
    }

    private boolean mainsEnded() {
        return state.ofKind(ContainerPlan.Kind.MAIN).stream()
                .allMatch(c -> c.phase() instanceof ContainerPhase.Terminated);
    }

    /// Ends ordinary and init containers at once, then the sidecars one after another in reverse
    /// order, then the machine.
    private void stopAll(Instant deadline, String message) {
        boolean othersAlive = false;
        for (ContainerRecord container : state.all()) {
            if (container.plan().kind() != ContainerPlan.Kind.SIDECAR && container.alive()) {
                othersAlive = true;
                stop(container, remaining(deadline), message.formatted(container.name()));
            }
        }
        if (othersAlive) {
            return;
        }
        for (ContainerRecord sidecar : state.ofKind(ContainerPlan.Kind.SIDECAR).reversed()) {
            if (sidecar.alive()) {
                stop(sidecar, remaining(deadline), message.formatted(sidecar.name()));
                return;
            }
        }
        state = state.withStage(Stage.POWERING_OFF);
        effects.add(new PodEffect.PowerOff());
    }

    private Duration remaining(Instant deadline) {
        Duration left = Duration.between(now, deadline);
        if (state.deletion().isPresent() && !left.isPositive()) {
            return Duration.ZERO;
        }
        return left.compareTo(MINIMUM_GRACE) < 0 ? MINIMUM_GRACE : left;
    }

    private void stop(ContainerRecord container, Duration grace, String message) {
        if (container.phase() instanceof ContainerPhase.Running running && !running.stopping()) {
            state =
                    state.with(
                            container.withPhase(
                                    new ContainerPhase.Running(running.startedAt(), true)));
            effects.add(
                    new PodEffect.StopContainer(
                            container.name(), container.attempt(), grace, message));
        }
    }
}
