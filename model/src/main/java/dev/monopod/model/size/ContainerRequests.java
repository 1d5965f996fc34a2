package dev.monopod.model.size;

/// What one container requests. A list of them is in the order of the pod's spec, init containers
/// and sidecars first.
public record ContainerRequests(Kind kind, String name, Resources requests) {
    /// When a container runs.
    public enum Kind {
        /// Runs to its end before the next starts.
        INIT,
        /// An init container with `restartPolicy: Always`: starts in order, then stays.
        SIDECAR,
        /// Runs with all others of its kind.
        CONTAINER
    }
}
