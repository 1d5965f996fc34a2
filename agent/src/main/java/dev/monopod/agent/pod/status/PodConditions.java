package dev.monopod.agent.pod.status;

import dev.monopod.agent.pod.life.PodPhase;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.agent.pod.life.PodState.Stage;
import dev.monopod.agent.pod.life.RestartDecision;
import dev.monopod.kube.client.ConditionState;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Renders the conditions of a pod that a kubelet owns. Pure; transition times come from the
/// previous status, when the condition stayed the same.
record PodConditions(
        PodState state, PodPhase phase, PodFacts facts, PodStatus previous, Instant now) {
    private static final String EVICTED = "Evicted";

    /// @param gates condition types of the pod's readiness gates
    List<PodCondition> render(List<String> gates) {
        List<PodCondition> conditions = new ArrayList<>();
        conditions.add(
                condition("PodReadyToStartContainers", state.stage() == Stage.READY, "", ""));
        conditions.add(initialized());
        var messages = ReadinessMessages.of(state, gates, previous);
        var containers = messages.getOrDefault("ContainersReady", Optional.empty()).orElse("");
        var pod = messages.getOrDefault("Ready", Optional.empty()).orElse("");
        conditions.add(ready("ContainersReady", containers, "ContainersNotReady"));
        conditions.add(
                ready(
                        "Ready",
                        pod,
                        containers.isEmpty() ? "ReadinessGatesNotReady" : "ContainersNotReady"));
        if (state.bound()) {
            conditions.add(condition("PodScheduled", true, "", ""));
        }
        if (RestartDecision.mayRestartAll(state.plan().containers())) {
            conditions.add(restarting());
        }
        state.failure()
                .filter(failure -> failure.reason().equals(EVICTED))
                .ifPresent(failure ->
                        conditions.add(
                                condition(
                                        "DisruptionTarget",
                                        true,
                                        "TerminationByKubelet",
                                        failure.message())));
        return conditions;
    }

    /// A pod that was initialized once stays so, also while all its containers begin anew.
    private PodCondition initialized() {
        if (phase == PodPhase.Succeeded) {
            return condition("Initialized", true, "PodCompleted", "");
        }
        var before =
                previous.getConditions().stream()
                        .anyMatch(c ->
                                c.getType().equals("Initialized") && "True".equals(c.getStatus()));
        return state.initialized() || before
                ? condition("Initialized", true, "", "")
                : condition(
                        "Initialized",
                        false,
                        "ContainersNotInitialized",
                        ReadinessMessages.incomplete(state));
    }

    /// @param message what is missing; empty: nothing
    private PodCondition ready(String type, String message, String reason) {
        return switch (phase) {
            case Succeeded -> condition(type, false, "PodCompleted", "");
            case Failed -> condition(type, false, "PodFailed", "");
            case Pending, Running ->
                    message.isEmpty()
                            ? condition(type, true, "", "")
                            : condition(type, false, reason, message);
        };
    }

    private PodCondition restarting() {
        var type = "AllContainersRestarting";
        return switch (phase) {
            case Succeeded -> condition(type, false, "PodCompleted", "");
            case Failed -> condition(type, false, "PodFailed", "");
            case Pending, Running ->
                    state.restarting()
                            ? condition(
                                    type,
                                    true,
                                    "RestartAllContainersStarted",
                                    "container exited with restart policy rule")
                            : condition(type, false, "", "");
        };
    }

    private PodCondition condition(String type, boolean value, String reason, String message) {
        return new ConditionState(type, value, reason, message, facts.generation())
                .podCondition(previous.getConditions(), now);
    }
}
