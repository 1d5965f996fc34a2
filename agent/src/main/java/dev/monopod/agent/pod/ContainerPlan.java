package dev.monopod.agent.pod;

import io.fabric8.kubernetes.api.model.Container;
import java.util.Optional;

/// One container of the pod as its specification says it.
///
/// @param target the container whose processes an ephemeral one sees
record ContainerPlan(Kind kind, Container spec, Optional<String> target) {
    enum Kind {
        INIT,
        /// An init container with `restartPolicy: Always`.
        SIDECAR,
        MAIN,
        /// Came to a pod that exists, as `kubectl debug` asks for it. Never restarted, and of no
        /// account for what becomes of the pod.
        EPHEMERAL
    }

    ContainerPlan(Kind kind, Container spec) {
        this(kind, spec, Optional.empty());
    }

    String name() {
        return spec.getName();
    }

    String image() {
        return spec.getImage() == null ? "" : spec.getImage();
    }

    /// For events: `spec.containers{NAME}`.
    String fieldPath() {
        String list =
                switch (kind) {
                    case MAIN -> "spec.containers";
                    case INIT, SIDECAR -> "spec.initContainers";
                    case EPHEMERAL -> "spec.ephemeralContainers";
                };
        return list + "{" + name() + "}";
    }
}
