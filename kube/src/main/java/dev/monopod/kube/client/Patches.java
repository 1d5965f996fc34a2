package dev.monopod.kube.client;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.Map;

/// Changes named fields of an object in one call each; the object is not read before. Of the object
/// that is given only kind, namespace and name count: UID and version are checked if the patch
/// names them. Answers are thrown as they come, 404 for an object that is gone included.
/// Thread-safe.
public final class Patches {
    private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);
    private static final PatchContext STRATEGIC = PatchContext.of(PatchType.STRATEGIC_MERGE);

    private final KubernetesClient client;

    public Patches(KubernetesClient client) {
        this.client = client;
    }

    /// A JSON merge patch: lists are replaced as a whole.
    public void merge(HasMetadata object, Map<String, ?> patch) {
        client.resource(object).patch(MERGE, json(patch));
    }

    /// A JSON merge patch of the subresource `status`.
    ///
    /// @param patch from the root of the object, so what is to change stands under `status`
    public void mergeStatus(HasMetadata object, Map<String, ?> patch) {
        client.resource(object).subresource("status").patch(MERGE, json(patch));
    }

    /// A strategic merge patch of the subresource `status`, for upstream's kinds: entries of lists
    /// with a key, such as conditions, are merged.
    ///
    /// @param patch from the root of the object, so what is to change stands under `status`
    public void strategicStatus(HasMetadata object, Map<String, ?> patch) {
        client.resource(object).subresource("status").patch(STRATEGIC, json(patch));
    }

    private String json(Map<String, ?> patch) {
        return client.getKubernetesSerialization().asJson(patch);
    }
}
