package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.spec.ContainerPlan;
import java.time.Instant;
import java.util.Optional;

/// All that is known of one container. Immutable.
///
/// @param attempt restarts so far
/// @param image what the present or last attempt runs; empty before the first
/// @param trouble why its image is not here, as waiting reason and message
public record ContainerRecord(
        ContainerPlan plan,
        int attempt,
        String image,
        ContainerPhase phase,
        Optional<Termination> last,
        boolean imageReady,
        Optional<ContainerPhase.Waiting> trouble,
        ContainerHealth health,
        RestartBackoff backoff) {

    static ContainerRecord initial(ContainerPlan plan) {
        return new ContainerRecord(
                plan,
                0,
                "",
                new ContainerPhase.Waiting("ContainerCreating", "", Instant.EPOCH),
                Optional.empty(),
                false,
                Optional.empty(),
                ContainerHealth.NONE,
                RestartBackoff.NONE);
    }

    /// Begins with this attempt; those before it are not known.
    ContainerRecord begun(int first) {
        return new ContainerRecord(
                plan, first, image, phase, last, imageReady, trouble, health, backoff);
    }

    /// Runs, as far as is known, since an earlier life of the agent.
    ContainerRecord inherited(int present, Instant startedAt) {
        return new ContainerRecord(
                plan,
                present,
                plan.image(),
                new ContainerPhase.Running(startedAt),
                last,
                imageReady,
                trouble,
                new ContainerHealth(true, false, false, false, true, Optional.empty()),
                backoff);
    }

    public String name() {
        return plan.name();
    }

    public boolean started() {
        return health.started();
    }

    public boolean everStarted() {
        return health.everStarted();
    }

    public boolean ready() {
        return health.ready();
    }

    public boolean alive() {
        return phase instanceof ContainerPhase.Running || phase instanceof ContainerPhase.Starting;
    }

    /// Runs, and its `postStart` hook is over: only then it counts as running for others, as under
    /// a kubelet.
    public boolean runs() {
        return phase instanceof ContainerPhase.Running && health.hooked();
    }

    /// Whether its image was changed after the present or last attempt had begun.
    boolean definitionChanged() {
        return !image.isEmpty() && !image.equals(plan.image());
    }

    /// A kubelet starts a pod's containers one after another: it pulls, starts, and waits for the
    /// `postStart` hook before it looks at the next; trouble with one does not hold the others up.
    boolean holdsUpOthers() {
        return switch (phase) {
            case ContainerPhase.Waiting _ -> !imageReady && trouble.isEmpty() && last.isEmpty();
            case ContainerPhase.Starting _ -> true;
            case ContainerPhase.Running running -> !health.hooked() && !running.stopping();
            case ContainerPhase.Terminated _ -> false;
        };
    }

    ContainerRecord withPhase(ContainerPhase next) {
        var keep = next instanceof ContainerPhase.Running;
        return new ContainerRecord(
                plan,
                attempt,
                next instanceof ContainerPhase.Starting ? plan.image() : image,
                next,
                last,
                imageReady,
                trouble,
                keep ? health : health.ended(),
                backoff);
    }

    ContainerRecord withImage(boolean here, Optional<ContainerPhase.Waiting> why) {
        return new ContainerRecord(plan, attempt, image, phase, last, here, why, health, backoff);
    }

    ContainerRecord withHealth(ContainerHealth next) {
        return new ContainerRecord(
                plan, attempt, image, phase, last, imageReady, trouble, next, backoff);
    }

    /// As the pod's specification has it now. Another image has to be brought first, and knows no
    /// back-off.
    ContainerRecord withPlan(ContainerPlan next) {
        var same = plan.image().equals(next.image());
        var held = phase instanceof ContainerPhase.Waiting waiting && !waiting.plain();
        return new ContainerRecord(
                next,
                attempt,
                image,
                !same && held
                        ? new ContainerPhase.Waiting("ContainerCreating", "", Instant.EPOCH)
                        : phase,
                last,
                same && imageReady,
                same ? trouble : Optional.empty(),
                health,
                same ? backoff : RestartBackoff.NONE);
    }

    /// The next attempt, not before what `waiting` says.
    ContainerRecord again(
            Termination ended, ContainerPhase.Waiting waiting, RestartBackoff nextBackoff) {
        return new ContainerRecord(
                plan,
                attempt + 1,
                image,
                waiting,
                Optional.of(ended),
                imageReady,
                trouble,
                health.ended(),
                nextBackoff);
    }

    /// Begins from the start with the whole pod; nothing that it had reached counts any more.
    ContainerRecord anew(ContainerPhase.Waiting waiting) {
        return new ContainerRecord(
                plan,
                attempt,
                image,
                waiting,
                last,
                imageReady,
                trouble,
                ContainerHealth.NONE,
                backoff);
    }
}
