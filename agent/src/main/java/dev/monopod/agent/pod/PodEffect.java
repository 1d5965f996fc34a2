package dev.monopod.agent.pod;

import java.time.Duration;

/// What [PodMachine] wants done. Performed by the worker, which feeds results back as [PodInput].
sealed interface PodEffect {
    record PullImage(String container) implements PodEffect {}

    record StartContainer(String container, int attempt) implements PodEffect {}

    /// Hook, signal, grace, kill. The end comes back as [PodInput.Ended].
    record StopContainer(String container, int attempt, Duration grace, String message)
            implements PodEffect {}

    record BackOff(String container, String message) implements PodEffect {}

    /// Copy logs out, power off, free the network.
    record PowerOff() implements PodEffect {}

    /// Remove data and the pod's API objects.
    record Remove() implements PodEffect {}
}
