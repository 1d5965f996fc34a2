package dev.monopod.agent.pod.status;

import dev.monopod.agent.pod.life.ContainerPhase;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.agent.pod.life.Termination;
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
        for (var container : state.all()) {
            boolean ready =
                    switch (container.plan().kind()) {
                        case INIT, EPHEMERAL -> true;
                        case SIDECAR, MAIN -> container.runs() && container.ready();
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
        for (var container : state.all()) {
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

    /// What the pod's readiness gates lack, all in one text.
    private static Optional<String> gate(List<String> gates, PodStatus previous) {
        List<String> lacking = new ArrayList<>();
        for (var gate : gates) {
            var status =
                    previous.getConditions().stream()
                            .filter(c -> c.getType().equals(gate))
                            .map(PodCondition::getStatus)
                            .findFirst();
            if (status.isEmpty()) {
                lacking.add(
                        "corresponding condition of pod readiness gate \"%s\" does not exist."
                                .formatted(gate));
            } else if (!status.get().equals("True")) {
                lacking.add(
                        "the status of pod readiness gate \"%s\" is not \"True\", but %s"
                                .formatted(gate, status.get()));
            }
        }
        return lacking.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", lacking));
    }

    private static String list(List<String> names) {
        return "[" + String.join(" ", names) + "]";
    }
}
