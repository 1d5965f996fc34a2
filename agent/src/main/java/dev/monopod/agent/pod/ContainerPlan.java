package dev.monopod.agent.pod;

import io.fabric8.kubernetes.api.model.Container;

/// One container of the pod as its specification says it.
record ContainerPlan(Kind kind, Container spec) {
    enum Kind {
        INIT,
        /// An init container with `restartPolicy: Always`.
        SIDECAR,
        MAIN
    }

    String name() {
        return spec.getName();
    }

    /// For events: `spec.containers{NAME}`.
    String fieldPath() {
        return (kind == Kind.MAIN ? "spec.containers{" : "spec.initContainers{") + name() + "}";
    }
}
