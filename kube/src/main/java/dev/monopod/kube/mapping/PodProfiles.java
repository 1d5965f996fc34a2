package dev.monopod.kube.mapping;

import dev.monopod.model.profile.Match;
import dev.monopod.model.profile.Profile;
import dev.monopod.model.profile.ProfileMatching;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The one way from a pod to its profile: admission and scheduling give the same answer.
public final class PodProfiles {
    private static final String MIRROR = "kubernetes.io/config.mirror";

    private PodProfiles() {}

    /// Which of these profiles runs the pod; none runs a DaemonSet's, or the kubelet's own.
    ///
    /// @param namespace as the request or the object says it, for a pod under creation may not
    public static Match of(ObjectMeta pod, String namespace, List<Profile> active) {
        var annotations = orEmpty(pod.getAnnotations());
        return isOfDaemonSet(pod) || annotations.containsKey(MIRROR)
                ? new Match.None()
                : ProfileMatching.choose(active, namespace, orEmpty(pod.getLabels()), annotations);
    }

    /// Row F9.
    public static boolean isOfDaemonSet(ObjectMeta pod) {
        return pod.getOwnerReferences() != null
                && pod.getOwnerReferences().stream()
                        .anyMatch(owner ->
                                "DaemonSet".equals(owner.getKind())
                                        && Boolean.TRUE.equals(owner.getController()));
    }

    private static Map<String, String> orEmpty(@Nullable Map<String, String> texts) {
        return Objects.requireNonNullElse(texts, Map.of());
    }
}
