package dev.monopod.controller.scheduling;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;

/// Writes the pod's condition PodScheduled=False, only when it says something new.
final class PodConditions {
    private static final String TYPE = "PodScheduled";

    private final KubernetesClient client;
    private final Clock clock;

    PodConditions(KubernetesClient client, Clock clock) {
        this.client = client;
        this.clock = clock;
    }

    void notScheduled(Pod pod, String reason, String message) {
        var told =
                pod.getStatus() != null
                        && pod.getStatus().getConditions().stream()
                                .anyMatch(c ->
                                        c.getType().equals(TYPE)
                                                && reason.equals(c.getReason())
                                                && message.equals(c.getMessage()));
        if (told) {
            return;
        }
        client.pods()
                .resource(pod)
                .editStatus(fresh -> {
                    var conditions = new ArrayList<>(fresh.getStatus().getConditions());
                    conditions.removeIf(c -> c.getType().equals(TYPE));
                    conditions.add(
                            new PodConditionBuilder()
                                    .withType(TYPE)
                                    .withStatus("False")
                                    .withReason(reason)
                                    .withMessage(message)
                                    .withLastTransitionTime(
                                            clock.instant()
                                                    .truncatedTo(ChronoUnit.SECONDS)
                                                    .toString())
                                    .build());
                    fresh.getStatus().setConditions(conditions);
                    return fresh;
                });
    }
}
