package dev.monopod.agent.pod.status;

import dev.monopod.agent.pod.life.PodPhase;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.agent.pod.life.PodState.Stage;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/// Renders a pod's status as a kubelet would. Pure; transition times come from the previous status,
/// when the condition stayed the same.
public final class PodStatusView {
    private PodStatusView() {}

    /// @param previous the status that the API server has
    /// @param gates condition types of the pod's readiness gates
    public static PodStatus render(
            PodState state, PodFacts facts, PodStatus previous, List<String> gates, Instant now) {
        var phase = PodPhase.of(state);
        List<ContainerStatus> init = new ArrayList<>();
        List<ContainerStatus> main = new ArrayList<>();
        List<ContainerStatus> ephemeral = new ArrayList<>();
        for (var container : state.all()) {
            List<ContainerStatus> list =
                    switch (container.plan().kind()) {
                        case INIT, SIDECAR -> init;
                        case MAIN -> main;
                        case EPHEMERAL -> ephemeral;
                    };
            list.add(new ContainerStatusView(state, facts).of(container));
        }
        var status =
                new PodStatusBuilder()
                        .withObservedGeneration(facts.generation())
                        .withPhase(phase.name())
                        .withStartTime(time(state.startTime()))
                        .withInitContainerStatuses(init)
                        .withContainerStatuses(main)
                        .withEphemeralContainerStatuses(ephemeral)
                        .withConditions(
                                new PodConditions(state, phase, facts, previous, now).render(gates))
                        .addAllToConditions(ResizeConditions.of(state.resize()));
        state.resize()
                .granted()
                .whole()
                .ifPresent(whole ->
                        status.withAllocatedResources(whole.getRequests())
                                .withResources(state.resize().held().whole().orElse(whole)));
        if (state.failure().isPresent() && phase == PodPhase.Failed) {
            status.withReason(state.failure().get().reason())
                    .withMessage(state.failure().get().message());
        }
        status.withHostIP(facts.hostAddress())
                .addNewHostIP()
                .withIp(facts.hostAddress())
                .endHostIP();
        if (state.stage() != Stage.STARTING || previous.getPodIP() != null) {
            status.withPodIP(facts.podAddress())
                    .addNewPodIP()
                    .withIp(facts.podAddress())
                    .endPodIP();
        }
        return status.build();
    }

    /// The API server keeps whole seconds.
    public static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
