package dev.monopod.controller.scheduling;

import dev.monopod.kube.api.Machine;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Map;
import java.util.Optional;

/// What the scheduler asks of the API server. Every call may take long, and throws what the API
/// server answers; the scheduler's workers make them, many at a time.
interface PlacementApi {
    /// Takes the machine's address, which can be taken once; first of all that is written. What an
    /// earlier scheduler took for the same machine on the same host is taken over.
    ///
    /// @return empty if it is taken
    Optional<AddressClaim> claim(Machine machine);

    /// What earlier schedulers have claimed and no agent has begun to use, by the Machine's name;
    /// some of these Machines may exist by now.
    Map<String, EarlierPlace> earlier();

    /// Gives back an address for which no Machine was created. Never throws: what is left is found
    /// later.
    void release(AddressClaim claim);

    /// The commit point: the name can exist once, and its address was claimed for it. A claim that
    /// has grown old is refused like a Machine.
    Machine create(Machine machine, AddressClaim claim);

    /// As the API server itself has it.
    Optional<Machine> machine(String name);

    /// Asks for the end of a Machine, unless its pod is bound by now. The pod stays.
    void delete(Machine machine);

    /// What decides, besides the pod, what it gets.
    Surroundings surroundings(Pod pod);

    /// Makes the Machine's Node and binds the pod to it. Can be repeated.
    ///
    /// @return false if the pod has changed since it was read: it is bound as it was judged, or not
    ///   at all
    boolean bind(Pod pod, Machine machine);

    /// Tells users on the pod what it gets.
    ///
    /// @return the pod with the marks; empty if it has changed since it was read
    Optional<Pod> mark(Pod pod, PodMarks marks);

    /// Writes why the pod has no place, unless that stands there, or the pod has changed since.
    void notScheduled(Pod pod, String reason, String message);
}
