package dev.monopod.controller.machine;

import dev.monopod.kube.client.Patches;
import io.fabric8.kubernetes.api.model.DeleteOptionsBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Map;

/// Says of a pod, in the place of a kubelet that does not, that it is over. Both calls are bound to
/// the pod's UID, so another pod of the same name is never meant.
final class PodEnding {
    private final KubernetesClient client;

    PodEnding(KubernetesClient client) {
        this.client = client;
    }

    /// @param patch a merge patch of the pod with its UID and version; the call fails with 409 if
    ///   it has changed
    void status(Pod pod, Map<String, Object> patch) {
        new Patches(client).mergeStatus(pod, patch);
    }

    /// Deletes it without the grace that nobody is left to use.
    void deletion(Pod pod) {
        var meta = pod.getMetadata();
        client.raw(
                "/api/v1/namespaces/%s/pods/%s".formatted(meta.getNamespace(), meta.getName()),
                "DELETE",
                client.getKubernetesSerialization()
                        .asJson(
                                new DeleteOptionsBuilder()
                                        .withGracePeriodSeconds(0L)
                                        .withNewPreconditions()
                                        .withUid(meta.getUid())
                                        .endPreconditions()
                                        .build()));
    }
}
