package dev.monopod.agent.pod;

import dev.monopod.agent.pod.PodState.Stage;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Renders a pod's status as a kubelet would. Pure; transition times come from the previous status,
/// when the condition stayed the same.
final class PodStatusView {
    private PodStatusView() {}

    /// @param previous the status that the API server has
    /// @param gates condition types of the pod's readiness gates
    static PodStatus render(
            PodState state, PodFacts facts, PodStatus previous, List<String> gates, Instant now) {
        PodPhase phase = PodPhase.of(state);
        List<ContainerStatus> init = new ArrayList<>();
        List<ContainerStatus> main = new ArrayList<>();
        List<ContainerStatus> ephemeral = new ArrayList<>();
        for (ContainerRecord container : state.all()) {
            List<ContainerStatus> list =
                    switch (container.plan().kind()) {
                        case INIT, SIDECAR -> init;
                        case MAIN -> main;
                        case EPHEMERAL -> ephemeral;
                    };
            list.add(status(state, facts, container));
        }
        PodStatusBuilder status =
                new PodStatusBuilder()
                        .withPhase(phase.name())
                        .withStartTime(time(state.startTime()))
                        .withInitContainerStatuses(init)
                        .withContainerStatuses(main)
                        .withEphemeralContainerStatuses(ephemeral)
                        .withConditions(conditions(state, phase, previous, gates, now));
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

    private static ContainerStatus status(
            PodState state, PodFacts facts, ContainerRecord container) {
        boolean running = container.phase() instanceof ContainerPhase.Running;
        ContainerStatusBuilder status =
                new ContainerStatusBuilder()
                        .withName(container.name())
                        .withImage(container.plan().spec().getImage())
                        .withImageID(facts.imageIds().getOrDefault(container.name(), ""))
                        .withRestartCount(container.attempt())
                        .withStarted(running && container.started())
                        .withReady(ready(container))
                        .withState(current(state, container));
        container.last().ifPresent(end -> status.withLastState(terminated(end)));
        switch (container.phase()) {
            case ContainerPhase.Running _ ->
                    status.withContainerID(
                            id(state.plan().uid(), container.name(), container.attempt()));
            case ContainerPhase.Terminated(Termination end) ->
                    status.withContainerID(ContainerIds.withScheme(end.containerId()));
            case ContainerPhase.Waiting _, ContainerPhase.Starting _ ->
                    container
                            .last()
                            .ifPresent(end ->
                                    status.withContainerID(
                                            ContainerIds.withScheme(end.containerId())));
        }
        return status.build();
    }

    private static boolean ready(ContainerRecord container) {
        return switch (container.plan().kind()) {
            case INIT ->
                    container.phase() instanceof ContainerPhase.Terminated(Termination end)
                            && end.succeeded();
            case SIDECAR, MAIN ->
                    container.phase() instanceof ContainerPhase.Running && container.ready();
            case EPHEMERAL -> false;
        };
    }

    private static String id(String uid, String name, int attempt) {
        return ContainerIds.withScheme(ContainerIds.of(uid, name, attempt));
    }

    private static ContainerState current(PodState state, ContainerRecord container) {
        return switch (container.phase()) {
            case ContainerPhase.Running running ->
                    new ContainerStateBuilder()
                            .withNewRunning()
                            .withStartedAt(time(running.startedAt()))
                            .endRunning()
                            .build();
            case ContainerPhase.Terminated(Termination end) -> terminated(end);
            case ContainerPhase.Starting _ -> waiting(state, container, "", "");
            case ContainerPhase.Waiting waiting -> {
                boolean between =
                        waiting.reason().equals("CrashLoopBackOff")
                                && container.last().isPresent()
                                && !waiting.notBefore()
                                        .isAfter(container.last().get().finishedAt());
                if (between) {
                    yield terminated(container.last().get());
                }
                if (container.trouble().isPresent()) {
                    yield waiting(
                            state,
                            container,
                            container.trouble().get().reason(),
                            container.trouble().get().message());
                }
                yield waiting(state, container, waiting.reason(), waiting.message());
            }
        };
    }

    private static ContainerState waiting(
            PodState state, ContainerRecord container, String reason, String message) {
        boolean hasInit =
                state.all().stream()
                        .map(each -> each.plan().kind())
                        .anyMatch(kind ->
                                kind == ContainerPlan.Kind.INIT
                                        || kind == ContainerPlan.Kind.SIDECAR);
        String ordinary = hasInit && !state.initialized() ? "PodInitializing" : "ContainerCreating";
        boolean plain = reason.isEmpty() || reason.equals("ContainerCreating");
        return new ContainerStateBuilder()
                .withNewWaiting()
                .withReason(plain ? ordinary : reason)
                .withMessage(message.isEmpty() ? null : message)
                .endWaiting()
                .build();
    }

    private static ContainerState terminated(Termination end) {
        return new ContainerStateBuilder()
                .withNewTerminated()
                .withContainerID(ContainerIds.withScheme(end.containerId()))
                .withExitCode(end.exitCode())
                .withSignal(end.signal() == 0 ? null : end.signal())
                .withReason(end.reason())
                .withMessage(end.message().isEmpty() ? null : end.message())
                .withStartedAt(time(end.startedAt()))
                .withFinishedAt(time(end.finishedAt()))
                .endTerminated()
                .build();
    }

    private static List<PodCondition> conditions(
            PodState state, PodPhase phase, PodStatus previous, List<String> gates, Instant now) {
        Map<String, Optional<String>> messages = ReadinessMessages.of(state, gates, previous);
        boolean up = state.stage() == Stage.READY;
        List<PodCondition> conditions = new ArrayList<>();
        conditions.add(condition("PodReadyToStartContainers", up, "", "", previous, now));
        boolean initialized = state.initialized() || phase == PodPhase.Succeeded;
        conditions.add(
                condition(
                        "Initialized",
                        initialized,
                        phase == PodPhase.Succeeded
                                ? "PodCompleted"
                                : initialized ? "" : "ContainersNotInitialized",
                        initialized ? "" : ReadinessMessages.incomplete(state),
                        previous,
                        now));
        for (String type : List.of("ContainersReady", "Ready")) {
            Optional<String> message = messages.getOrDefault(type, Optional.empty());
            boolean ready = !phase.terminal() && message.isEmpty();
            String reason =
                    switch (phase) {
                        case Succeeded -> "PodCompleted";
                        case Failed -> "PodFailed";
                        case Pending, Running ->
                                ready
                                        ? ""
                                        : message.get().startsWith("corresponding condition")
                                                ? "ReadinessGatesNotReady"
                                                : "ContainersNotReady";
                    };
            conditions.add(
                    condition(
                            type,
                            ready,
                            reason,
                            ready || phase.terminal() ? "" : message.orElse(""),
                            previous,
                            now));
        }
        return conditions;
    }

    private static PodCondition condition(
            String type,
            boolean value,
            String reason,
            String message,
            PodStatus previous,
            Instant now) {
        String status = value ? "True" : "False";
        String since =
                previous.getConditions().stream()
                        .filter(c -> c.getType().equals(type) && status.equals(c.getStatus()))
                        .map(PodCondition::getLastTransitionTime)
                        .findFirst()
                        .orElse(time(now));
        return new PodConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withReason(reason.isEmpty() ? null : reason)
                .withMessage(message.isEmpty() ? null : message)
                .withLastTransitionTime(since)
                .build();
    }

    /// The API server keeps whole seconds.
    static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
