package dev.monopod.controller.scheduling;

import dev.monopod.kube.api.Machine;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Optional;

/// What the scheduler asks of the API server. Every call may take long, and throws what the API
/// server answers; the scheduler's workers make them, many at a time.
interface PlacementApi {
    /// The commit point: the name can exist once.
    Machine create(Machine machine);

    /// As the API server itself has it.
    Optional<Machine> machine(String name);

    /// Makes the Machine's Node and binds the pod to it. Can be repeated.
    void bind(Pod pod, Machine machine);

    /// Writes profile and capacity on a pod that is taken over.
    void adopt(Pod pod, String profile, String capacity);

    /// Writes why the pod has no place, unless that stands there, or the pod has changed since.
    void notScheduled(Pod pod, String reason, String message);
}
