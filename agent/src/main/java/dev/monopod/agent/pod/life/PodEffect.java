package dev.monopod.agent.pod.life;

import java.time.Duration;

/// What [PodMachine] wants done. Performed by the worker, which feeds results back as [PodInput].
public sealed interface PodEffect {
    record PullImage(String container) implements PodEffect {}

    record StartContainer(String container, int attempt) implements PodEffect {}

    /// Hook, signal, grace, kill. The end comes back as [PodInput.Ended].
    record StopContainer(
            String container, int attempt, Duration grace, String message, Manner manner)
            implements PodEffect {}

    /// How a container is stopped.
    enum Manner {
        ORDINARY,
        /// Runs its hook now, but gets its signal only when [TakeTurn] says so or grace is over.
        AFTER_OTHERS,
        WITHOUT_HOOK
    }

    /// The containers before which this one must not end have ended.
    record TakeTurn(String container, int attempt) implements PodEffect {}

    /// A stop that is under way has at most this grace from now on.
    record Hasten(String container, int attempt, Duration grace) implements PodEffect {}

    /// Tells of something that happened to the pod as a whole.
    record PodEvent(String reason, String message) implements PodEffect {}

    record BackOff(String container, String message) implements PodEffect {}

    /// Copy logs out, power off, free the network.
    record PowerOff() implements PodEffect {}

    /// Remove data and the pod's API objects.
    record Remove() implements PodEffect {}
}
