package dev.monopod.agent.pod.api;

import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The strategic merge patch that makes the API server's status the given one. Lists of containers
/// are given whole; a condition's reason and message are given even when there is none, since what
/// a patch does not name stays.
public final class StatusPatch {
    public static final String RESIZE_PENDING = "PodResizePending";
    public static final String RESIZE_IN_PROGRESS = "PodResizeInProgress";

    /// What only a resize sets: the patch deletes those of them that the status has not.
    public static final List<String> RESIZE_CONDITIONS =
            List.of(RESIZE_PENDING, RESIZE_IN_PROGRESS);

    private StatusPatch() {}

    /// @return field names of `PodStatus` with values that serialize as the API's; null clears a
    ///   field
    static Map<String, Object> of(PodStatus status) {
        Map<String, Object> patch = new LinkedHashMap<>();
        if (status.getObservedGeneration() != null) {
            patch.put("observedGeneration", status.getObservedGeneration());
        }
        patch.put("phase", status.getPhase());
        patch.put("startTime", status.getStartTime());
        patch.put("conditions", conditions(status.getConditions()));
        patch.put("containerStatuses", status.getContainerStatuses());
        if (!status.getInitContainerStatuses().isEmpty()) {
            patch.put("initContainerStatuses", status.getInitContainerStatuses());
        }
        if (!status.getEphemeralContainerStatuses().isEmpty()) {
            patch.put("ephemeralContainerStatuses", status.getEphemeralContainerStatuses());
        }
        patch.put("hostIP", status.getHostIP());
        patch.put("hostIPs", status.getHostIPs());
        if (status.getPodIP() != null) {
            patch.put("podIP", status.getPodIP());
            patch.put("podIPs", List.copyOf(status.getPodIPs()));
        }
        if (status.getResources() != null) {
            patch.put("allocatedResources", status.getAllocatedResources());
            patch.put("resources", status.getResources());
        }
        if (status.getReason() != null) {
            patch.put("reason", status.getReason());
            patch.put("message", status.getMessage());
        }
        return patch;
    }

    /// The one list that is merged: a resize that is over has to be named.
    private static List<Map<String, Object>> conditions(List<PodCondition> conditions) {
        return Stream.concat(
                        conditions.stream().map(StatusPatch::condition),
                        RESIZE_CONDITIONS.stream()
                                .filter(type ->
                                        conditions.stream()
                                                .noneMatch(one -> one.getType().equals(type)))
                                .map(type ->
                                        Map.<String, Object>of("$patch", "delete", "type", type)))
                .toList();
    }

    private static Map<String, Object> condition(PodCondition condition) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("type", condition.getType());
        fields.put("status", condition.getStatus());
        fields.put("reason", condition.getReason());
        fields.put("message", condition.getMessage());
        fields.put("lastTransitionTime", condition.getLastTransitionTime());
        if (condition.getLastProbeTime() != null) {
            fields.put("lastProbeTime", condition.getLastProbeTime());
        }
        if (condition.getObservedGeneration() != null) {
            fields.put("observedGeneration", condition.getObservedGeneration());
        }
        return fields;
    }
}
