package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.spec.ContainerPlan;
import java.util.ArrayList;
import java.util.List;

/// In which order the containers of a pod get their signals when all of it ends: the ordinary ones
/// at once, then each sidecar when those and the sidecars after it have ended. Their hooks do not
/// wait for that. Pure.
final class TerminationOrder {
    private TerminationOrder() {}

    static boolean hasTurn(PodState state, ContainerRecord container) {
        return switch (container.plan().kind()) {
            case INIT, MAIN, EPHEMERAL -> true;
            case SIDECAR -> before(state, container).stream().noneMatch(ContainerRecord::alive);
        };
    }

    private static List<ContainerRecord> before(PodState state, ContainerRecord sidecar) {
        List<ContainerRecord> first = new ArrayList<>(state.ofKind(ContainerPlan.Kind.MAIN));
        var sidecars = state.ofKind(ContainerPlan.Kind.SIDECAR);
        var own = sidecars.stream().map(ContainerRecord::name).toList().indexOf(sidecar.name());
        first.addAll(sidecars.subList(own + 1, sidecars.size()));
        return first;
    }
}
