package dev.monopod.kube.eviction;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import java.util.Optional;

/// Who makes a pod again once it is gone.
public final class Owners {
    private Owners() {}

    /// The one that controls the object; empty if nobody does.
    public static Optional<OwnerReference> of(HasMetadata object) {
        return object.getMetadata().getOwnerReferences().stream()
                .filter(reference -> Boolean.TRUE.equals(reference.getController()))
                .findFirst();
    }
}
