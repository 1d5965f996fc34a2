package dev.monopod.agent.pod.api;

import dev.monopod.kube.api.Machine;
import dev.monopod.protocol.guest.ConfigureResponse;

/// What the pod worker tells of the Node that stands for its machine.
public interface PodNodes {
    /// The guest answered: the Node is Ready from now on and its Lease is renewed.
    void ready(Machine machine, ConfigureResponse guest);

    /// No guest has answered, but the pod is here: the Node is kept Ready as it is.
    void keep(Machine machine);

    /// The machine is off for good, and its pod has not been deleted: the Node's status is not
    /// written any more, and its Lease is renewed only until somebody takes it away, who has then
    /// seen to the pod and its Node.
    void rest(Machine machine);

    /// The Node and its Lease go, unless they are another machine's by now. A Node that completed
    /// pods still name stays for their logs.
    void remove(Machine machine);
}
