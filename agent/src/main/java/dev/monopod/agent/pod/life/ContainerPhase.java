package dev.monopod.agent.pod.life;

import java.time.Instant;

/// Where one container stands. Moves: Waiting → Starting → Running → Terminated or again Waiting.
public sealed interface ContainerPhase {
    /// Not begun, or between two attempts.
    record Waiting(String reason, String message, Instant notBefore) implements ContainerPhase {
        /// Nothing holds it but what a pod begins with.
        public boolean plain() {
            return reason.isEmpty() || reason.equals("ContainerCreating");
        }
    }

    /// The guest was asked for it.
    record Starting() implements ContainerPhase {}

    /// Its program runs.
    record Running(Instant startedAt, Stop stop) implements ContainerPhase {
        Running(Instant startedAt) {
            this(startedAt, Stop.NONE);
        }

        boolean stopping() {
            return stop != Stop.NONE;
        }
    }

    /// Ended, and no further attempt follows.
    record Terminated(Termination termination) implements ContainerPhase {}

    /// How far its end has been ordered.
    enum Stop {
        NONE,
        /// Its hook runs; its turn has not come.
        ORDERED,
        DUE
    }
}
