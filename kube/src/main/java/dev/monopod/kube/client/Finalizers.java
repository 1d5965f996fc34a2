package dev.monopod.kube.client;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Puts one finalizer on an object and takes it away again, and never touches those of others: the
/// list is written with the version from which it was made, and made anew if that has passed.
/// Thread-safe.
public final class Finalizers {
    private static final int MOST_TRIES = 5;

    private final KubernetesClient client;
    private final Patches patches;

    public Finalizers(KubernetesClient client) {
        this.client = client;
        this.patches = new Patches(client);
    }

    /// Returns when the object has the finalizer, is being deleted, or is gone.
    ///
    /// @param object with a UID, only the object of this UID is meant
    public void add(HasMetadata object, String finalizer) {
        change(
                object,
                fresh ->
                        fresh.getMetadata().getDeletionTimestamp() != null
                                        || fresh.hasFinalizer(finalizer)
                                ? Optional.empty()
                                : Optional.of(finalizers(fresh, all -> all.add(finalizer))));
    }

    /// Returns when the object has not the finalizer any more, or is gone.
    ///
    /// @param object with a UID, only the object of this UID is meant
    public void remove(HasMetadata object, String finalizer) {
        change(
                object,
                fresh ->
                        fresh.hasFinalizer(finalizer)
                                ? Optional.of(finalizers(fresh, all -> all.remove(finalizer)))
                                : Optional.empty());
    }

    private interface Change {
        Optional<List<String>> of(HasMetadata fresh);
    }

    private void change(HasMetadata object, Change change) {
        for (var tries = 1; ; tries++) {
            @Nullable HasMetadata fresh = client.resource(object).get();
            if (fresh == null || isAnother(object, fresh)) {
                return;
            }
            var wanted = change.of(fresh);
            if (wanted.isEmpty()) {
                return;
            }
            try {
                ApiCall.ignoring(ApiCode.NOT_FOUND, () -> write(fresh, wanted.get()));
                return;
            } catch (KubernetesClientException e) {
                if (!ApiCode.CONFLICT.in(e) || tries == MOST_TRIES) {
                    throw e;
                }
            }
        }
    }

    private static boolean isAnother(HasMetadata meant, HasMetadata fresh) {
        var uid = meant.getMetadata().getUid();
        return uid != null && !Objects.equals(uid, fresh.getMetadata().getUid());
    }

    private static List<String> finalizers(HasMetadata fresh, Consumer<List<String>> change) {
        var all = new ArrayList<>(fresh.getFinalizers());
        change.accept(all);
        return all;
    }

    private void write(HasMetadata fresh, List<String> finalizers) {
        patches.merge(
                fresh,
                Map.of(
                        "metadata",
                        Map.of(
                                "uid",
                                fresh.getMetadata().getUid(),
                                "resourceVersion",
                                fresh.getMetadata().getResourceVersion(),
                                "finalizers",
                                finalizers)));
    }
}
