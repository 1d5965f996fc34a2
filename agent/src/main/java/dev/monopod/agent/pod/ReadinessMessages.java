package dev.monopod.agent.pod;

import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Why a pod is not ready, in the kubelet's words; empty: it is.
final class ReadinessMessages {
    private ReadinessMessages() {}

    static Map<String, Optional<String>> of(
            PodState state, List<String> gates, PodStatus previous) {
        List<String> unready = new ArrayList<>();
        for (ContainerRecord container : state.all()) {
            boolean ready =
                    switch (container.plan().kind()) {
                        case INIT, EPHEMERAL -> true;
                        case SIDECAR, MAIN ->
                                container.phase() instanceof ContainerPhase.Running
                                        && container.ready();
                    };
            if (!ready) {
                unready.add(container.name());
            }
        }
        Map<String, Optional<String>> messages = new HashMap<>();
        Optional<String> containers =
                unready.isEmpty()
                        ? Optional.empty()
                        : Optional.of("containers with unready status: " + list(unready));
        messages.put("ContainersReady", containers);
        messages.put("Ready", containers.or(() -> gate(gates, previous)));
        return messages;
    }

    static String incomplete(PodState state) {
        List<String> names = new ArrayList<>();
        for (ContainerRecord container : state.all()) {
            boolean done =
                    switch (container.plan().kind()) {
                        case INIT ->
                                container.phase()
                                                instanceof
                                                ContainerPhase.Terminated(Termination end)
                                        && end.succeeded();
                        case SIDECAR -> container.everStarted();
                        case MAIN, EPHEMERAL -> true;
                    };
            if (!done) {
                names.add(container.name());
            }
        }
        return "containers with incomplete status: " + list(names);
    }

    private static Optional<String> gate(List<String> gates, PodStatus previous) {
        for (String gate : gates) {
            Optional<PodCondition> condition =
                    previous.getConditions().stream()
                            .filter(c -> c.getType().equals(gate))
                            .findFirst();
            if (condition.isEmpty()) {
                return Optional.of(
                        "corresponding condition of pod readiness gate \""
                                + gate
                                + "\" does not exist.");
            }
            if (!"True".equals(condition.get().getStatus())) {
                return Optional.of(
                        "corresponding condition of pod readiness gate \""
                                + gate
                                + "\" is not \"True\".");
            }
        }
        return Optional.empty();
    }

    private static String list(List<String> names) {
        return "[" + String.join(" ", names) + "]";
    }
}
