package dev.monopod.controller.machine;

import dev.monopod.kube.api.Machine;
import dev.monopod.kube.mapping.PodPhases;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.Pod;
import org.jspecify.annotations.Nullable;

/// What becomes of a Machine. Pure: [MachineCleanup] looks, and acts.
///
/// | host | pod | Machine |
/// | --- | --- | --- |
/// | there | gone | deleted; the agent takes it down and gives its finalizer back |
/// | there | any other | left alone |
/// | lost | bound | pod Failed, Machine forgotten: its owner makes another |
/// | lost | leaving | pod deleted at once, since no agent will; Machine forgotten |
/// | lost | unbound | Machine forgotten; the scheduler places the pod anew |
/// | lost | over, gone | Machine forgotten |
sealed interface MachineFate {
    /// Nothing is to be done.
    record Keep() implements MachineFate {}

    /// It is deleted, and goes when its agent is done.
    record Delete() implements MachineFate {}

    /// It is deleted, and goes without its agent.
    record Forget(PodEnd podEnd) implements MachineFate {}

    /// What the pod of a lost machine is owed.
    enum PodEnd {
        NOTHING,
        FAIL,
        DELETE
    }

    /// What the API server says of the pod that the Machine was made for.
    enum PodSight {
        /// There is none with its UID.
        GONE,
        /// It has no node yet.
        UNBOUND,
        /// It is on the machine.
        BOUND,
        /// It has Succeeded or Failed.
        OVER,
        /// It is being deleted.
        LEAVING;

        static PodSight of(@Nullable Pod pod, String uid) {
            if (pod == null || !pod.getMetadata().getUid().equals(uid)) {
                return GONE;
            }
            if (pod.getMetadata().getDeletionTimestamp() != null) {
                return LEAVING;
            }
            if (PodPhases.ended(pod)) {
                return OVER;
            }
            return pod.getSpec().getNodeName() == null ? UNBOUND : BOUND;
        }
    }

    /// How far the end of the Machine is.
    enum Stage {
        WANTED,
        /// Someone has asked for its end.
        LEAVING,
        /// As before, and nothing of Monopod's keeps it any more.
        RELEASED;

        static Stage of(Machine machine) {
            if (machine.getMetadata().getDeletionTimestamp() == null) {
                return WANTED;
            }
            return machine.getFinalizers().contains(Names.AGENT_FINALIZER) ? LEAVING : RELEASED;
        }
    }

    static MachineFate of(Stage machine, PodSight pod, HostSightings.Verdict host) {
        if (machine == Stage.RELEASED) {
            return new Keep();
        }
        return switch (host) {
            case THERE ->
                    machine == Stage.WANTED && pod == PodSight.GONE ? new Delete() : new Keep();
            case LOST ->
                    new Forget(
                            switch (pod) {
                                case BOUND -> PodEnd.FAIL;
                                case LEAVING -> PodEnd.DELETE;
                                case GONE, UNBOUND, OVER -> PodEnd.NOTHING;
                            });
        };
    }
}
