package dev.monopod.kube.mapping;

import io.fabric8.kubernetes.api.model.Pod;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a pod's phase tells; `PodPhase` of Kubernetes' API.
public final class PodPhases {
    private static final Set<String> ENDS = Set.of("Succeeded", "Failed");

    private PodPhases() {}

    /// Whether its containers have ended and none begins again. A pod without a status has not
    /// ended.
    public static boolean ended(Pod pod) {
        return pod.getStatus() != null && isEnd(pod.getStatus().getPhase());
    }

    /// Whether no other phase follows this one.
    public static boolean isEnd(@Nullable String phase) {
        return phase != null && ENDS.contains(phase);
    }
}
