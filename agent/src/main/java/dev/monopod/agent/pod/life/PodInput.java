package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.spec.PodPlan;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/// Everything that can happen to a pod. Posted to its worker, judged by [PodMachine].
public sealed interface PodInput {
    /// This agent takes the pod up: for the first time, or after an earlier life of the agent.
    ///
    /// @param lost why the machine that ran does not any more
    record TakenUp(Optional<String> lost) implements PodInput {}

    /// The pod is bound to its Node.
    record Bound() implements PodInput {}

    /// The guest answered for the first time.
    record MachineReady() implements PodInput {}

    /// Files and volumes are in the guest.
    record Prepared() implements PodInput {}

    /// The pod's specification changed: more containers, another image, another deadline.
    record Changed(PodPlan plan) implements PodInput {}

    /// The containers that the guest has, by id: asked for when an earlier life left some running.
    record GuestHas(Set<String> containerIds) implements PodInput {
        public GuestHas {
            containerIds = Set.copyOf(containerIds);
        }
    }

    record ImageReady(String container) implements PodInput {}

    record ImageTrouble(String container, String reason, String message) implements PodInput {}

    record Started(String container, int attempt, Instant at) implements PodInput {}

    /// The specification can't be carried out now; tried again later.
    record ConfigurationTrouble(String container, int attempt, String reason, String message)
            implements PodInput {}

    record Ended(String container, int attempt, Termination termination) implements PodInput {}

    /// The `postStart` hook is over, or there is none.
    record Hooked(String container, int attempt) implements PodInput {}

    /// Startup is over: probes may judge.
    record StartupDone(String container, int attempt) implements PodInput {}

    record Ready(String container, int attempt, boolean ready) implements PodInput {}

    /// A probe or hook demands the container's end.
    ///
    /// @param grace of the probe, over the pod's
    record Condemned(String container, int attempt, String message, Optional<Duration> grace)
            implements PodInput {}

    /// The guest has done what [PodEffect.Resize] of that number asked for.
    record Resized(int order) implements PodInput {}

    /// The guest has not done it; tried again later.
    record ResizeTrouble(int order, String message) implements PodInput {}

    record Deletion(Duration grace) implements PodInput {}

    /// The pod's object certainly is gone, or not this machine's: nothing is left to be graceful
    /// for, and nothing to be told.
    record ObjectGone() implements PodInput {}

    /// The whole pod fails and is stopped, for example evicted.
    record Fail(String reason, String message, Duration grace) implements PodInput {}

    record MachineLost(String message) implements PodInput {}

    record MachineOff() implements PodInput {}

    record Tick() implements PodInput {}
}
