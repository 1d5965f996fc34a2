package dev.monopod.agent.pod;

import java.time.Instant;
import java.util.Optional;

/// All that is known of one container. Immutable.
///
/// @param attempt restarts so far
/// @param trouble why its image is not here, as waiting reason and message
/// @param started startup is over (probe and hook); `everStarted` outlives restarts
record ContainerRecord(
        ContainerPlan plan,
        int attempt,
        ContainerPhase phase,
        Optional<Termination> last,
        boolean imageReady,
        Optional<ContainerPhase.Waiting> trouble,
        boolean started,
        boolean everStarted,
        boolean ready,
        RestartBackoff backoff) {

    static ContainerRecord initial(ContainerPlan plan) {
        return new ContainerRecord(
                plan,
                0,
                new ContainerPhase.Waiting("ContainerCreating", "", Instant.EPOCH),
                Optional.empty(),
                false,
                Optional.empty(),
                false,
                false,
                false,
                RestartBackoff.NONE);
    }

    String name() {
        return plan.name();
    }

    boolean alive() {
        return phase instanceof ContainerPhase.Running
                || phase instanceof ContainerPhase.Starting;
    }

    ContainerRecord withPhase(ContainerPhase next) {
        boolean keep = next instanceof ContainerPhase.Running;
        return new ContainerRecord(
                plan,
                attempt,
                next,
                last,
                imageReady,
                trouble,
                keep && started,
                everStarted,
                keep && ready,
                backoff);
    }

    ContainerRecord withImage(boolean here, Optional<ContainerPhase.Waiting> why) {
        return new ContainerRecord(
                plan, attempt, phase, last, here, why, started, everStarted, ready, backoff);
    }

    ContainerRecord withStarted() {
        return new ContainerRecord(
                plan, attempt, phase, last, imageReady, trouble, true, true, ready, backoff);
    }

    ContainerRecord withReady(boolean now) {
        return new ContainerRecord(
                plan, attempt, phase, last, imageReady, trouble, started, everStarted, now,
                backoff);
    }

    /// The next attempt, not before `notBefore`.
    ContainerRecord again(Termination ended, ContainerPhase.Waiting waiting) {
        return new ContainerRecord(
                plan,
                attempt + 1,
                waiting,
                Optional.of(ended),
                imageReady,
                trouble,
                false,
                everStarted,
                false,
                backoff.restarted(ended.finishedAt()));
    }

    /// As an earlier life of the agent left it.
    ContainerRecord restored(int attempts, Optional<Termination> lastEnd, RestartBackoff known) {
        return new ContainerRecord(
                plan,
                attempts,
                phase,
                lastEnd,
                imageReady,
                trouble,
                started,
                everStarted,
                ready,
                known);
    }
}
