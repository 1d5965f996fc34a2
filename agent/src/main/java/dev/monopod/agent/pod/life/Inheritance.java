package dev.monopod.agent.pod.life;

import dev.monopod.agent.pod.spec.ContainerIds;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// What becomes of the containers that an earlier life of the agent left alive: one that was asked
/// for but never begun is asked for again; one that ran and is unknown to the guest has ended in an
/// unknown way. All others are told of by the guest itself. Pure.
final class Inheritance {
    private static final int KILLED = 137;

    private Inheritance() {}

    /// @param present the containers that the guest has, by id
    static List<PodInput> reconcile(PodState state, Set<String> present, Instant now) {
        List<PodInput> inputs = new ArrayList<>();
        for (var container : state.all()) {
            var id = ContainerIds.of(state.plan().uid(), container.name(), container.attempt());
            if (!container.health().inherited() || present.contains(id)) {
                continue;
            }
            switch (container.phase()) {
                case ContainerPhase.Starting _ ->
                        inputs.add(
                                new PodInput.ConfigurationTrouble(
                                        container.name(),
                                        container.attempt(),
                                        "ContainerCreating",
                                        ""));
                case ContainerPhase.Running running ->
                        inputs.add(
                                new PodInput.Ended(
                                        container.name(),
                                        container.attempt(),
                                        new Termination(
                                                id,
                                                KILLED,
                                                0,
                                                "ContainerStatusUnknown",
                                                "The guest no longer knows the container",
                                                running.startedAt(),
                                                now)));
                case ContainerPhase.Waiting _, ContainerPhase.Terminated _ -> {}
            }
        }
        return inputs;
    }
}
