package dev.monopod.controller.patching;

import dev.monopod.kube.api.PatchRunStatus.Refused;
import dev.monopod.kube.eviction.Budgets;
import dev.monopod.kube.eviction.Owners;
import dev.monopod.kube.patching.PatchTarget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// A pod that is still to be patched.
///
/// @param group equal for pods that are evicted one after another: those of the same budgets, else
///   those of the same owner
/// @param hope whether a refusal by a budget may end by itself
/// @param refused what became of its first eviction, if that was refused
/// @param due whether the time of its last try has come
record Candidate(
        PatchTarget target, String group, Hope hope, Optional<Refused> refused, boolean due) {

    /// What a budget's refusal means.
    enum Hope {
        /// No budget counts the pod.
        UNBOUND,
        /// It allows a pod again when others are healthy.
        LATER,
        /// It allows none even when all are healthy, or two budgets count the pod.
        NEVER
    }

    static Candidate of(
            PatchTarget target, Budgets budgets, Optional<Refused> refused, boolean due) {
        var counting = budgets.of(target.pod());
        var group =
                counting.isEmpty()
                        ? owner(target)
                        : counting.stream()
                                .map(budget -> budget.getMetadata().getUid())
                                .sorted()
                                .collect(Collectors.joining(" "));
        return new Candidate(target, group, hope(counting), refused, due);
    }

    private static Hope hope(List<PodDisruptionBudget> counting) {
        return switch (counting.size()) {
            case 0 -> Hope.UNBOUND;
            case 1 -> Budgets.neverAllows(counting.getFirst()) ? Hope.NEVER : Hope.LATER;
            default -> Hope.NEVER;
        };
    }

    private static String owner(PatchTarget target) {
        return Owners.of(target.pod()).map(reference -> reference.getUid()).orElse(target.uid());
    }

    boolean leaving() {
        return target.leaving();
    }
}
