package dev.monopod.agent.pod.api;

import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineStatus;
import dev.monopod.kube.client.EventType;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.util.Optional;

/// What a pod worker does at the API server. Calls block; a broken connection is an exception and
/// the caller tries again.
public interface PodApi {
    /// The pod of this UID as the API server has it now; empty if it has none, see [#believable].
    Optional<Pod> pod(String namespace, String name, String uid);

    /// The pod of this UID as a watch shows it, which may lag; empty if it does not. No call.
    Optional<Pod> shown(String namespace, String name, String uid);

    /// Whether the API server can be believed when it has no pod of this Machine. A Machine that is
    /// there settles it: the cluster knows the pod, and says that it is gone.
    boolean believable(String machine);

    /// Writes what differs; returns the pod as it is then, or nothing when it is gone.
    Optional<Pod> patchStatus(Pod pod, PodStatus status);

    /// Gives the pod the label by which this host's agent finds its pods.
    void claimPod(Pod pod, String machine);

    /// Removes the pod object of this UID for good.
    void deletePod(Pod pod);

    /// Asks for the ordinary deletion of the pod.
    void evictPod(Pod pod);

    /// Puts the agent's finalizer on the Machine, if it is not there already.
    void claimMachine(Machine machine);

    void machineStatus(String machine, MachineStatus status);

    /// Deletes the Machine and lets go of it.
    void removeMachine(String machine);

    /// One event; equal ones are counted.
    void event(Pod pod, EventType type, String reason, String message, String fieldPath);
}
