package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.life.PodState.Stage;
import dev.monopod.agent.pod.spec.ContainerPlan;

/// The Kubernetes phase, derived from the state.
public enum PodPhase {
    Pending,
    Running,
    Succeeded,
    Failed;

    public static PodPhase of(PodState state) {
        var over =
                !state.anyAlive()
                        && (state.stage() == Stage.POWERING_OFF
                                || state.stage() == Stage.OFF
                                || state.stage() == Stage.REMOVED);
        if (over) {
            return ended(state);
        }
        var begun =
                state.ofKind(ContainerPlan.Kind.MAIN).stream()
                        .allMatch(c ->
                                c.runs()
                                        || c.phase() instanceof ContainerPhase.Terminated
                                        || c.last().isPresent());
        return begun ? Running : Pending;
    }

    boolean terminal() {
        return this == Succeeded || this == Failed;
    }

    private static PodPhase ended(PodState state) {
        if (state.failure().isPresent()) {
            return Failed;
        }
        var succeeded =
                state.all().stream()
                        .filter(PodPhase::decides)
                        .allMatch(c ->
                                c.phase() instanceof ContainerPhase.Terminated(Termination end)
                                        && end.succeeded());
        return succeeded ? Succeeded : Failed;
    }

    private static boolean decides(ContainerRecord container) {
        return switch (container.plan().kind()) {
            case INIT, MAIN -> true;
            case SIDECAR, EPHEMERAL -> false;
        };
    }
}
