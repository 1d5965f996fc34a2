package dev.monopod.agent.pod.spec;

import io.fabric8.kubernetes.api.model.Container;
import java.util.Optional;

/// One container of the pod as its specification says it.
///
/// @param target the container whose processes an ephemeral one sees
public record ContainerPlan(Kind kind, Container spec, Optional<String> target) {
    public enum Kind {
        INIT,
        /// An init container with `restartPolicy: Always`.
        SIDECAR,
        MAIN,
        /// Came to a pod that exists, as `kubectl debug` asks for it. Never restarted, and of no
        /// account for what becomes of the pod.
        EPHEMERAL
    }

    public ContainerPlan(Kind kind, Container spec) {
        this(kind, spec, Optional.empty());
    }

    public String name() {
        return spec.getName();
    }

    public String image() {
        return spec.getImage() == null ? "" : spec.getImage();
    }

    /// For events: `spec.containers{NAME}`.
    public String fieldPath() {
        String list =
                switch (kind) {
                    case MAIN -> "spec.containers";
                    case INIT, SIDECAR -> "spec.initContainers";
                    case EPHEMERAL -> "spec.ephemeralContainers";
                };
        return list + "{" + name() + "}";
    }
}
