package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.life.ContainerPhase;
import dev.monopod.agent.pod.life.ContainerRecord;
import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.agent.pod.life.Termination;
import dev.monopod.agent.pod.scope.PodRuntime;
import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.protocol.guest.ContainerState;
import java.time.Instant;
import java.util.List;

/// Compares what an earlier life of the agent noted down with what the guest has: a container that
/// was asked for but never begun is asked for again; one that ran and is unknown to the guest has
/// ended in an unknown way. All others are told of by the guest's watch.
record Recovery(PodRuntime runtime, PodState state) {
    void reconcile(List<ContainerState> present) {
        for (ContainerRecord container : state.all()) {
            String id =
                    ContainerIds.of(runtime.plan().uid(), container.name(), container.attempt());
            boolean known = present.stream().anyMatch(c -> c.getContainerId().equals(id));
            if (known) {
                continue;
            }
            Instant now = Instant.now();
            switch (container.phase()) {
                case ContainerPhase.Starting _ ->
                        runtime.post(
                                new PodInput.ConfigurationTrouble(
                                        container.name(),
                                        container.attempt(),
                                        "ContainerCreating",
                                        ""));
                case ContainerPhase.Running running ->
                        runtime.post(
                                new PodInput.Ended(
                                        container.name(),
                                        container.attempt(),
                                        new Termination(
                                                id,
                                                137,
                                                0,
                                                "ContainerStatusUnknown",
                                                "The guest no longer knows the container",
                                                running.startedAt(),
                                                now)));
                case ContainerPhase.Waiting _, ContainerPhase.Terminated _ -> {}
            }
        }
    }
}
