package dev.monopod.agent.pod.api;

import dev.monopod.kube.api.Machine;
import dev.monopod.protocol.guest.ConfigureResponse;

/// What the pod worker tells of the Node that stands for its machine.
public interface PodNodes {
    /// The guest answered: the Node is Ready from now on and its Lease is renewed.
    void ready(Machine machine, ConfigureResponse guest);

    /// The machine is off, but its pod is still here: the Node is kept Ready as it is.
    void keep(Machine machine);

    /// The Node, its Lease and all that was kept of them go.
    void remove(Machine machine);
}
