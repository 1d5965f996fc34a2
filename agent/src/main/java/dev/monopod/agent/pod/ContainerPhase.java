package dev.monopod.agent.pod;

import java.time.Instant;

/// Where one container stands. Moves: Waiting → Starting → Running → Terminated or again Waiting.
sealed interface ContainerPhase {
    /// Not begun, or between two attempts.
    record Waiting(String reason, String message, Instant notBefore) implements ContainerPhase {}

    /// The guest was asked for it.
    record Starting() implements ContainerPhase {}

    /// @param stopping whether its end was ordered already
    record Running(Instant startedAt, boolean stopping) implements ContainerPhase {}

    /// Ended, and no further attempt follows.
    record Terminated(Termination termination) implements ContainerPhase {}
}
