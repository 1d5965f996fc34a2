package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.life.ContainerPhase.Stop;
import dev.monopod.agent.pod.life.PodEffect.Manner;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.model.time.Moment;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// One step of a pod's life as it is being worked out: the state so far, and what is to be done so
/// far. Lives within one call of [PodMachine#step], on one thread.
final class PodDraft {
    private static final Duration MINIMUM_GRACE = Duration.ofSeconds(2);

    private final List<PodEffect> effects = new ArrayList<>();
    private final Moment now;
    private PodState state;

    PodDraft(PodState state, Moment now) {
        this.state = state;
        this.now = now;
    }

    PodState state() {
        return state;
    }

    /// By the steady clock: what every wait and deadline counts from.
    Instant now() {
        return now.steady();
    }

    /// By the wall clock, to be told of.
    Instant wall() {
        return now.wall();
    }

    List<PodEffect> effects() {
        return List.copyOf(effects);
    }

    void change(PodState next) {
        state = next;
    }

    void put(ContainerRecord container) {
        state = state.with(container);
    }

    void effect(PodEffect effect) {
        effects.add(effect);
    }

    /// The whole pod fails, unless it is ending already.
    void fail(String reason, String message, Duration grace) {
        if (!state.ending()) {
            state = state.withFailure(new PodState.Failure(reason, message, now().plus(grace)));
        }
    }

    /// Orders the end of one container that runs, if that is not done yet.
    void stop(ContainerRecord container, Duration grace, String message, Manner manner) {
        if (container.phase() instanceof ContainerPhase.Running running && !running.stopping()) {
            var stop = manner == Manner.AFTER_OTHERS ? Stop.ORDERED : Stop.DUE;
            put(container.withPhase(new ContainerPhase.Running(running.startedAt(), stop)));
            effect(
                    new PodEffect.StopContainer(
                            container.name(), container.attempt(), grace, message, manner));
        }
    }

    /// Ends all containers in their order, then the machine.
    void stopAll(Instant deadline) {
        for (var container : state.all()) {
            var manner =
                    TerminationOrder.hasTurn(state, container)
                            ? Manner.ORDINARY
                            : Manner.AFTER_OTHERS;
            stop(
                    container,
                    remaining(deadline),
                    "Stopping container %s".formatted(container.name()),
                    manner);
        }
        giveTurns();
        if (!state.anyAlive()) {
            state = state.withStage(PodState.Stage.POWERING_OFF);
            effect(new PodEffect.PowerOff());
        }
    }

    private void giveTurns() {
        for (var container : state.all()) {
            if (container.phase() instanceof ContainerPhase.Running(Instant since, Stop stop)
                    && stop == Stop.ORDERED
                    && TerminationOrder.hasTurn(state, container)) {
                put(container.withPhase(new ContainerPhase.Running(since, Stop.DUE)));
                effect(new PodEffect.TakeTurn(container.name(), container.attempt()));
            }
        }
    }

    /// Ends all that runs but what looks at it, without hooks, so that it can begin anew.
    ///
    /// @return whether nothing is left
    boolean clear() {
        var left = false;
        for (var container : state.all()) {
            if (container.plan().kind() != ContainerPlan.Kind.EPHEMERAL && container.alive()) {
                left = true;
                stop(container, MINIMUM_GRACE, "killing", Manner.WITHOUT_HOOK);
            }
        }
        return !left;
    }

    private Duration remaining(Instant deadline) {
        var left = Duration.between(now(), deadline);
        if (state.deletion().isPresent() && !left.isPositive()) {
            return Duration.ZERO;
        }
        return left.compareTo(MINIMUM_GRACE) < 0 ? MINIMUM_GRACE : left;
    }
}
