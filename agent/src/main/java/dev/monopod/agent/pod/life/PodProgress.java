package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.life.PodEffect.Manner;
import dev.monopod.agent.pod.spec.ContainerPlan;
import java.time.Instant;

/// Derives from a state as a whole what follows from it: which containers begin, which end, and
/// when the machine goes.
final class PodProgress {
    private static final String RESTARTING = "RestartingAllContainers";
    private static final String REMOVED =
            "The container is removed because RestartAllContainers in place";
    private static final String DEADLINE =
            "Pod was active on the node longer than the specified deadline";
    private static final int KILLED = 137;

    private final PodDraft draft;

    private PodProgress(PodDraft draft) {
        this.draft = draft;
    }

    static void advance(PodDraft draft) {
        new PodProgress(draft).advance();
    }

    /// Whether nothing is left to run: the ordinary containers have ended, or initialization has
    /// failed for good. Sidecars are of no account.
    static boolean finished(PodState state) {
        var failed =
                !state.initialized()
                        && state.ofKind(ContainerPlan.Kind.INIT).stream()
                                .anyMatch(c ->
                                        c.phase()
                                                        instanceof
                                                        ContainerPhase.Terminated(Termination end)
                                                && !end.succeeded());
        return failed
                || state.ofKind(ContainerPlan.Kind.MAIN).stream()
                        .allMatch(c -> c.phase() instanceof ContainerPhase.Terminated);
    }

    private PodState state() {
        return draft.state();
    }

    private void advance() {
        switch (state().stage()) {
            case POWERING_OFF, REMOVED -> {}
            case OFF -> {
                if (state().deletion().isPresent()) {
                    draft.effect(new PodEffect.Remove());
                    draft.change(state().withStage(PodState.Stage.REMOVED));
                }
            }
            case STARTING, READY -> advanceLive();
        }
    }

    private void advanceLive() {
        deadline();
        if (state().ending() && state().stage() == PodState.Stage.STARTING && state().anyAlive()) {
            // An agent that was restarted has not reached the guest yet.
            return;
        }
        ResizeProgress.advance(draft);
        if (state().stage() == PodState.Stage.READY) {
            state().all().forEach(this::stopIfCondemned);
        }
        if (ForcedEnd.due(state()).filter(at -> !draft.now().isBefore(at)).isPresent()) {
            draft.change(
                    ForcedEnd.of(
                            state(), "The container did not end when it was killed", draft.wall()));
        }
        if (state().deletion().isPresent()) {
            draft.stopAll(state().deletion().get());
        } else if (state().failure().isPresent()) {
            draft.stopAll(state().failure().get().deadline());
        } else if (state().stage() == PodState.Stage.READY
                && state().prepared()
                && state().bound()) {
            if (state().restarting() && draft.clear()) {
                beginAnew();
            }
            if (!state().restarting()) {
                run();
            }
        }
    }

    private void stopIfCondemned(ContainerRecord container) {
        container
                .health()
                .condemned()
                .ifPresent(why ->
                        draft.stop(
                                container,
                                why.grace().orElse(state().plan().grace()),
                                why.message(),
                                Manner.ORDINARY));
    }

    private void deadline() {
        if (!state().ending()
                && state().plan()
                        .activeDeadline()
                        .map(limit -> !draft.now().isBefore(state().start().steady().plus(limit)))
                        .orElse(false)) {
            draft.fail("DeadlineExceeded", DEADLINE, state().plan().grace());
            draft.effect(new PodEffect.PodEvent("DeadlineExceeded", DEADLINE));
        }
    }

    private void run() {
        state().ofKind(ContainerPlan.Kind.EPHEMERAL).forEach(this::startIfDue);
        if (finished(state())) {
            draft.stopAll(draft.now().plus(state().plan().grace()));
            return;
        }
        state().all().forEach(this::replaceIfChanged);
        if (!runInitContainers()) {
            return;
        }
        draft.change(state().withInitialized());
        for (var main : state().ofKind(ContainerPlan.Kind.MAIN)) {
            startIfDue(main);
            if (state().container(main.name()).holdsUpOthers()) {
                return;
            }
        }
    }

    /// Returns whether the ordinary containers may run.
    private boolean runInitContainers() {
        for (var container : state().all()) {
            switch (container.plan().kind()) {
                case MAIN, EPHEMERAL -> {
                    return true;
                }
                case SIDECAR -> {
                    startIfDue(container);
                    if (!container.everStarted() && !state().initialized()) {
                        return false;
                    }
                }
                case INIT -> {
                    if (!state().initialized()
                            && !(container.phase() instanceof ContainerPhase.Terminated)) {
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
                && !waiting.notBefore().isAfter(draft.now())) {
            draft.put(container.withPhase(new ContainerPhase.Starting()));
            if (container.plan().kind() != ContainerPlan.Kind.EPHEMERAL) {
                draft.change(state().withResize(state().resize().began(container.name())));
            }
            draft.effect(new PodEffect.StartContainer(container.name(), container.attempt()));
        }
    }

    /// A container whose image changed is restarted in place, whatever its restart policy says.
    private void replaceIfChanged(ContainerRecord container) {
        if (!container.definitionChanged()) {
            return;
        }
        var grace = state().plan().grace();
        switch (container.plan().kind()) {
            case INIT, EPHEMERAL -> {}
            case MAIN ->
                    draft.stop(
                            container,
                            grace,
                            "Container %s definition changed, will be restarted"
                                    .formatted(container.name()),
                            Manner.ORDINARY);
            case SIDECAR ->
                    draft.stop(
                            container,
                            grace,
                            "Init container %s definition changed".formatted(container.name()),
                            Manner.ORDINARY);
        }
    }

    /// Every container that ran has ended: the pod begins with its first init container again, and
    /// no back-off counts.
    private void beginAnew() {
        var waiting = new ContainerPhase.Waiting(RESTARTING, REMOVED, Instant.EPOCH);
        for (var container : state().all()) {
            if (container.plan().kind() == ContainerPlan.Kind.EPHEMERAL) {
                continue;
            }
            switch (container.phase()) {
                case ContainerPhase.Terminated(Termination end) -> {
                    draft.put(
                            container
                                    .again(removed(end), waiting, container.backoff())
                                    .anew(waiting));
                    if (!container.imageReady()) {
                        // Changed after it had ended, when nothing needed the new image.
                        draft.effect(new PodEffect.PullImage(container.name()));
                    }
                }
                case ContainerPhase.Waiting _ -> {
                    if (container.last().isPresent()) {
                        draft.put(container.anew(waiting));
                    }
                }
                case ContainerPhase.Starting _, ContainerPhase.Running _ -> {}
            }
        }
        draft.change(state().withRestarted());
    }

    private static Termination removed(Termination end) {
        return new Termination(
                end.containerId(),
                KILLED,
                0,
                RESTARTING,
                REMOVED,
                end.startedAt(),
                end.finishedAt());
    }
}
