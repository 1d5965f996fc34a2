package dev.monopod.kube.client;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.Map;

/// Changes named fields of an object in one call each; the object is not read before. Of the object
/// that is given only kind, namespace and name count: UID and version are checked if the patch
/// names them. Each returns the object as it is afterwards. Answers are thrown as they come, 404
/// for an object that is gone included. Thread-safe.
public final class Patches {
    private static final PatchContext MERGE = PatchContext.of(PatchType.JSON_MERGE);
    private static final PatchContext STRATEGIC = PatchContext.of(PatchType.STRATEGIC_MERGE);

    private final KubernetesClient client;

    public Patches(KubernetesClient client) {
        this.client = client;
    }

    /// A JSON merge patch: lists are replaced as a whole.
    public <T extends HasMetadata> T merge(T object, Map<String, ?> patch) {
        return client.resource(object).patch(MERGE, json(patch));
    }

    /// A JSON merge patch of the subresource `status`.
    ///
    /// @param patch from the root of the object, so what is to change stands under `status`
    public <T extends HasMetadata> T mergeStatus(T object, Map<String, ?> patch) {
        return client.resource(object).subresource("status").patch(MERGE, json(patch));
    }

    /// A strategic merge patch of the subresource `status`, for upstream's kinds: entries of lists
    /// with a key, such as conditions, are merged.
    ///
    /// @param patch from the root of the object, so what is to change stands under `status`
    public <T extends HasMetadata> T strategicStatus(T object, Map<String, ?> patch) {
        return client.resource(object).subresource("status").patch(STRATEGIC, json(patch));
    }

    /// Makes the object what it says, whoever else has written to it (server-side apply).
    ///
    /// @param manager under whose name its fields stand in `metadata.managedFields`
    public <T extends HasMetadata> T apply(T object, String manager) {
        return client.resource(object)
                .patch(
                        new PatchContext.Builder()
                                .withPatchType(PatchType.SERVER_SIDE_APPLY)
                                .withFieldManager(manager)
                                .withForce(true)
                                .build());
    }

    private String json(Map<String, ?> patch) {
        return client.getKubernetesSerialization().asJson(patch);
    }
}
