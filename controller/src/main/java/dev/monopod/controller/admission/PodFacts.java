package dev.monopod.controller.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.monopod.kube.mapping.PodProfiles;
import dev.monopod.kube.mapping.Profiles;
import dev.monopod.model.profile.Match;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.HashMap;
import java.util.Map;

/// Reads a pod's JSON, of which a webhook must keep what it does not know.
final class PodFacts {
    private static final KubernetesSerialization SERIALIZATION = new KubernetesSerialization();

    private PodFacts() {}

    /// Which profile runs the pod.
    ///
    /// @throws IllegalArgumentException if its metadata is not a pod's
    static Match match(Review review, ClusterReads reads) {
        return PodProfiles.of(
                SERIALIZATION.convertValue(review.object().path("metadata"), ObjectMeta.class),
                review.namespace(),
                Profiles.active(reads.profiles()));
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
}
