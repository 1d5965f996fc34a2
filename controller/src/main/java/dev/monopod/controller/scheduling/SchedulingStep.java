package dev.monopod.controller.scheduling;

import dev.monopod.kube.api.Machine;
import dev.monopod.model.size.Sizing;
import io.fabric8.kubernetes.api.model.Pod;

/// What is to be done for a pod that has no node yet.
sealed interface SchedulingStep {
    /// Nothing until it changes: it is gone, bound, ended, held by a gate, or another's.
    record Rest() implements SchedulingStep {}

    /// Nothing yet: its Machine of an earlier life is being taken down, and the name is taken.
    record Later() implements SchedulingStep {}

    /// It is not ours, and is told why it could not be.
    record Refuse(Pod pod, String message) implements SchedulingStep {}

    /// It has no place, and its user is told why.
    ///
    /// @param reason of the pod's condition
    record Hold(Pod pod, String reason, String message) implements SchedulingStep {
        /// EKS has one of its own for a pod that no size holds.
        String eventReason() {
            return reason.equals(Sizing.TOO_LARGE_REASON) ? reason : "FailedScheduling";
        }
    }

    /// Its Machine, whose place the ledger holds from now on, gets its security groups and is
    /// created; then the pod is bound.
    record Create(Pod pod, Machine machine) implements SchedulingStep {}

    /// Its Machine exists, or may exist: it is looked for, and the pod bound to it.
    record Settle(Pod pod, String machine) implements SchedulingStep {}

    /// Its Machine exists, or may exist, and was made for what the pod no longer is: it goes, and
    /// the pod is decided anew.
    record Undo(Pod pod, String machine) implements SchedulingStep {}
}
