package dev.monopod.kube.eviction;

import io.fabric8.kubernetes.api.model.DeleteOptions;
import io.fabric8.kubernetes.api.model.DeleteOptionsBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.policy.v1.EvictionBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// Moves pods off by the API server. Each call is bound to the pod's UID, so another pod of the
/// same name is never meant. What has no answer, or one that says nothing of the pod, is thrown.
public final class Evictions {
    private final KubernetesClient client;
    private final @Nullable Long graceSeconds;

    /// Leaves each pod its own grace.
    ///
    /// @param client that repeats nothing: a refusal is to be seen at once
    public Evictions(KubernetesClient client) {
        this(client, OptionalInt.empty());
    }

    /// @param client that repeats nothing: a refusal is to be seen at once
    /// @param graceSeconds instead of the pods' own
    public Evictions(KubernetesClient client, OptionalInt graceSeconds) {
        this.client = client;
        this.graceSeconds = graceSeconds.isPresent() ? (long) graceSeconds.getAsInt() : null;
    }

    public EvictionAnswer evict(Pod pod) {
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

    /// Deletes it, whatever budgets say.
    ///
    /// @return whether it was there
    public boolean delete(Pod pod) {
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
    public String maker(Pod pod) {
        var owner = Owners.of(pod);
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
        return Optional.ofNullable(set).flatMap(Owners::of).orElse(owner.get()).getName();
    }

    private static String path(Pod pod) {
        var meta = pod.getMetadata();
        return "/api/v1/namespaces/%s/pods/%s".formatted(meta.getNamespace(), meta.getName());
    }

    private DeleteOptions bound(Pod pod) {
        return new DeleteOptionsBuilder()
                .withGracePeriodSeconds(graceSeconds)
                .withNewPreconditions()
                .withUid(pod.getMetadata().getUid())
                .endPreconditions()
                .build();
    }

    private String json(Object body) {
        return client.getKubernetesSerialization().asJson(body);
    }
}
