package dev.monopod.controller.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.monopod.kube.mapping.Profiles;
import dev.monopod.model.profile.Match;
import dev.monopod.model.profile.ProfileMatching;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.HashMap;
import java.util.Map;

/// Reads a pod's JSON, of which a webhook must keep what it does not know.
final class PodFacts {
    private static final KubernetesSerialization SERIALIZATION = new KubernetesSerialization();

    private PodFacts() {}

    /// Which profile runs the pod; none for pods of DaemonSets, of the kubelet itself, and for
    /// those already bound.
    static Match match(Review review, ClusterReads reads) {
        var pod = review.object();
        return ownedByDaemonSet(pod) || isMirror(pod)
                ? new Match.None()
                : ProfileMatching.choose(
                        Profiles.active(reads.profiles()),
                        review.namespace(),
                        texts(pod.at("/metadata/labels")),
                        texts(pod.at("/metadata/annotations")));
    }

    /// @throws IllegalArgumentException if it is not a pod's
    static PodSpec spec(JsonNode pod) {
        return SERIALIZATION.convertValue(pod.path("spec"), PodSpec.class);
    }

    static Map<String, String> texts(JsonNode object) {
        Map<String, String> texts = new HashMap<>();
        object.properties().forEach(entry -> texts.put(entry.getKey(), entry.getValue().asText()));
        return texts;
    }

    private static boolean ownedByDaemonSet(JsonNode pod) {
        for (var owner : pod.at("/metadata/ownerReferences")) {
            if (owner.path("kind").asText().equals("DaemonSet")
                    && owner.path("controller").asBoolean()) {
                return true;
            }
        }
        return false;
    }

    private static boolean isMirror(JsonNode pod) {
        return pod.at("/metadata/annotations").has("kubernetes.io/config.mirror");
    }
}
