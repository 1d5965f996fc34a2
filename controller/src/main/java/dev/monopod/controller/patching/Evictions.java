package dev.monopod.controller.patching;

import io.fabric8.kubernetes.api.model.DeleteOptions;
import io.fabric8.kubernetes.api.model.DeleteOptionsBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.policy.v1.EvictionBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Moves pods off by the API server. Each call is bound to the pod's UID, so another pod of the
/// same name is never meant. What has no answer, or one that says nothing of the pod, is thrown.
final class Evictions {
    private final KubernetesClient client;

    /// @param client that repeats nothing: a refusal is to be seen at once
    Evictions(KubernetesClient client) {
        this.client = client;
    }

    EvictionAnswer evict(Pod pod) {
        try {
            client.raw(
                    path(pod) + "/eviction",
                    "POST",
                    json(
                            new EvictionBuilder()
                                    .withNewMetadata()
                                    .withNamespace(pod.getMetadata().getNamespace())
                                    .withName(pod.getMetadata().getName())
                                    .endMetadata()
                                    .withDeleteOptions(bound(pod))
                                    .build()));
            return new EvictionAnswer.Evicted();
        } catch (KubernetesClientException e) {
            return EvictionAnswer.of(e).orElseThrow(() -> e);
        }
    }

    /// Deletes it with its own grace, whatever budgets say.
    ///
    /// @return whether it was there
    boolean delete(Pod pod) {
        try {
            client.raw(path(pod), "DELETE", json(bound(pod)));
            return true;
        } catch (KubernetesClientException e) {
            if (EvictionAnswer.of(e).equals(Optional.of(new EvictionAnswer.Gone()))) {
                return false;
            }
            throw e;
        }
    }

    /// What users know the pod's maker by: the Deployment of a ReplicaSet, else the pod's owner,
    /// else the pod.
    String maker(Pod pod) {
        var owner = owner(pod);
        if (owner.isEmpty()) {
            return pod.getMetadata().getName();
        }
        @Nullable HasMetadata set =
                owner.get().getKind().equals("ReplicaSet")
                        ? client.apps()
                                .replicaSets()
                                .inNamespace(pod.getMetadata().getNamespace())
                                .withName(owner.get().getName())
                                .get()
                        : null;
        return Optional.ofNullable(set).flatMap(Evictions::owner).orElse(owner.get()).getName();
    }

    private static Optional<OwnerReference> owner(HasMetadata object) {
        return object.getMetadata().getOwnerReferences().stream()
                .filter(reference -> Boolean.TRUE.equals(reference.getController()))
                .findFirst();
    }

    private static String path(Pod pod) {
        var meta = pod.getMetadata();
        return "/api/v1/namespaces/%s/pods/%s".formatted(meta.getNamespace(), meta.getName());
    }

    private static DeleteOptions bound(Pod pod) {
        return new DeleteOptionsBuilder()
                .withNewPreconditions()
                .withUid(pod.getMetadata().getUid())
                .endPreconditions()
                .build();
    }

    private String json(Object body) {
        return client.getKubernetesSerialization().asJson(body);
    }
}
