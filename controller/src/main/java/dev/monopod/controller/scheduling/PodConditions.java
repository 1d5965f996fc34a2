package dev.monopod.controller.scheduling;

import dev.monopod.kube.client.ConditionState;
import dev.monopod.kube.client.Patches;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.util.List;
import java.util.Map;

/// Writes the pod's condition PodScheduled=False, only when it says something new.
final class PodConditions {
    private static final String TYPE = "PodScheduled";

    private final Patches patches;
    private final Clock clock;

    PodConditions(KubernetesClient client, Clock clock) {
        this.patches = new Patches(client);
        this.clock = clock;
    }

    void notScheduled(Pod pod, String reason, String message) {
        var state = new ConditionState(TYPE, false, reason, message);
        var before =
                pod.getStatus() == null ? List.<PodCondition>of() : pod.getStatus().getConditions();
        if (!state.isToldBy(before)) {
            patches.strategicStatus(
                    pod,
                    Map.of(
                            "metadata",
                            Map.of("uid", pod.getMetadata().getUid()),
                            "status",
                            Map.of(
                                    "conditions",
                                    List.of(state.podCondition(before, clock.instant())))));
        }
    }
}
