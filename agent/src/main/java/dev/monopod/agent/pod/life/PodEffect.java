package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.spec.PodAllocation;
import java.time.Duration;
import java.time.Instant;

/// What [PodMachine] wants done. Performed by the worker, which feeds results back as [PodInput].
public sealed interface PodEffect {
    /// Network, images, machine, identity. What comes of it comes back as many inputs.
    record StartUp() implements PodEffect {}

    /// The pod's Node stays, though no machine is started for it.
    record KeepNode() implements PodEffect {}

    /// Asks the guest what it has. Comes back as [PodInput.GuestHas].
    record ListContainers() implements PodEffect {}

    /// Follows what the guest tells of its containers.
    record WatchContainers() implements PodEffect {}

    record PullImage(String container) implements PodEffect {}

    record StartContainer(String container, int attempt) implements PodEffect {}

    /// Probes go on with an attempt that an earlier life of the agent began.
    record ResumeProbes(String container, int attempt, Instant startedAt) implements PodEffect {}

    /// An attempt has ended: nothing probes it or waits for its end any more.
    record AttemptOver(String container, int attempt) implements PodEffect {}

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

    /// Warns of something about the pod as a whole.
    record PodWarning(String reason, String message) implements PodEffect {}

    record BackOff(String container, String message) implements PodEffect {}

    /// Gives a container, or all together, the limits of what was granted. Comes back as
    /// [PodInput.Resized] or [PodInput.ResizeTrouble].
    ///
    /// @param from what holds: all containers together get the wider of both
    record Resize(int order, ResizeState.Target target, PodAllocation from, PodAllocation to)
            implements PodEffect {}

    /// Copy logs out, power off, free the network.
    record PowerOff() implements PodEffect {}

    /// Remove data and the pod's API objects.
    record Remove() implements PodEffect {}

    /// Whether it only ends what there is.
    default boolean ends() {
        return switch (this) {
            case StopContainer _, TakeTurn _, Hasten _, AttemptOver _, PowerOff _, Remove _ -> true;
            case PodEffect _ -> false;
        };
    }
}
