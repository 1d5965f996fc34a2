package dev.monopod.agent.pod.life;

import java.time.Instant;

/// Where one container stands. Moves: Waiting → Starting → Running → Terminated or again Waiting.
public sealed interface ContainerPhase {
    /// Not begun, or between two attempts.
    ///
    /// @param notBefore by the steady clock; the epoch: at once
    record Waiting(String reason, String message, Instant notBefore) implements ContainerPhase {
        /// Whether it waits for no time.
        public boolean atOnce() {
            return notBefore.equals(Instant.EPOCH);
        }

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
