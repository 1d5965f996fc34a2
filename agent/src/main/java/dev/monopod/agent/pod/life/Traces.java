package dev.monopod.agent.pod.life;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What is left of a pod besides its record.
///
/// @param machine that outlived the earlier life of the agent
/// @param phase of the pod's status, if it has one
/// @param restarts of the containers that have begun, by name, as the pod's status tells
public record Traces(MachineSeen machine, Optional<String> phase, Map<String, Integer> restarts) {
    public Traces {
        restarts = Map.copyOf(restarts);
    }

    /// A container as the guest tells of it.
    public record GuestContainer(String name, int attempt, Instant startedAt) {}

    public sealed interface MachineSeen {
        record Gone() implements MachineSeen {}

        /// It runs; its guest has not been asked, or has not answered.
        record Silent() implements MachineSeen {}

        /// It runs, and its guest has answered.
        record Answers(List<GuestContainer> containers) implements MachineSeen {
            public Answers {
                containers = List.copyOf(containers);
            }
        }
    }

    boolean over() {
        return phase.filter(p -> p.equals("Succeeded") || p.equals("Failed")).isPresent();
    }

    /// Whether the API server knows of a container that has begun.
    boolean begun() {
        return !restarts.isEmpty() || phase.filter(p -> p.equals("Running")).isPresent();
    }
}
