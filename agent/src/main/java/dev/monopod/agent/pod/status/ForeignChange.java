package dev.monopod.agent.pod.status;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What others changed in a status that is ours to tell: the node lifecycle controller makes a pod
/// unready when its Node was silent, and nobody but its agent makes it ready again. Pure. Only what
/// the API server keeps as it was written is compared; conditions of others are theirs.
final class ForeignChange {
    private ForeignChange() {}

    /// Whether what the API server shows tells something else than what was written.
    static boolean between(PodStatus written, PodStatus seen) {
        return !Objects.equals(written.getPhase(), seen.getPhase())
                || !conditions(seen).entrySet().containsAll(conditions(written).entrySet())
                || !containers(written).equals(containers(seen));
    }

    private static Map<String, String> conditions(PodStatus status) {
        return status.getConditions().stream()
                .collect(
                        Collectors.toMap(
                                PodCondition::getType, PodCondition::getStatus, (one, _) -> one));
    }

    private static List<Container> containers(PodStatus status) {
        return Stream.of(
                        status.getInitContainerStatuses(),
                        status.getContainerStatuses(),
                        status.getEphemeralContainerStatuses())
                .flatMap(List::stream)
                .map(Container::of)
                .toList();
    }

    /// Of one container what controllers go by.
    private record Container(String name, boolean ready, int restarts, String state) {
        static Container of(ContainerStatus status) {
            return new Container(
                    status.getName(),
                    Boolean.TRUE.equals(status.getReady()),
                    Objects.requireNonNullElse(status.getRestartCount(), 0),
                    state(status));
        }

        private static String state(ContainerStatus status) {
            var state = status.getState();
            if (state == null) {
                return "";
            }
            return state.getRunning() != null
                    ? "running"
                    : state.getTerminated() != null ? "terminated" : "waiting";
        }
    }
}
