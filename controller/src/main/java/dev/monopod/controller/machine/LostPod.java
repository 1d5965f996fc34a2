package dev.monopod.controller.machine;

import dev.monopod.kube.client.ConditionState;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Writes the last status of a pod whose host is lost. Pure.
final class LostPod {
    static final String REASON = "HostLost";
    private static final Set<String> READINESS = Set.of("Ready", "ContainersReady");

    /// By it a Job's `podFailurePolicy` tells a lost host from a failed program.
    private static final String DISRUPTION = "DisruptionTarget";

    private LostPod() {}

    /// A merge patch for the status. It fails with 409 if the pod has changed meanwhile: an agent
    /// that came back knows better.
    static Map<String, Object> failed(Pod pod, String host, Duration silence, Instant now) {
        var message =
                "host %s is lost: nothing was heard of it for %d seconds"
                        .formatted(host, silence.toSeconds());
        var status = new LinkedHashMap<String, Object>();
        status.put("phase", "Failed");
        status.put("reason", REASON);
        status.put("message", message);
        status.put("conditions", conditions(pod, message, now));
        return Map.of(
                "metadata",
                Map.of(
                        "uid", pod.getMetadata().getUid(),
                        "resourceVersion", pod.getMetadata().getResourceVersion()),
                "status",
                status);
    }

    private static List<PodCondition> conditions(Pod pod, String message, Instant now) {
        var conditions = new ArrayList<PodCondition>();
        if (pod.getStatus() != null) {
            for (var condition : pod.getStatus().getConditions()) {
                if (READINESS.contains(condition.getType())) {
                    conditions.add(condition(condition.getType(), false, message, now));
                } else if (!condition.getType().equals(DISRUPTION)) {
                    conditions.add(condition);
                }
            }
        }
        conditions.add(condition(DISRUPTION, true, message, now));
        return conditions;
    }

    private static PodCondition condition(String type, boolean holds, String message, Instant now) {
        return new ConditionState(type, holds, REASON, message).podCondition(List.of(), now);
    }
}
