package dev.monopod.controller.scheduling;

import dev.monopod.controller.scheduling.Placer.Decision;
import dev.monopod.controller.scheduling.ZoneSpread.Neighbour;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.mapping.PodPhases;
import dev.monopod.model.names.Names;
import dev.monopod.model.profile.Profile;
import dev.monopod.model.size.MemoryOverhead;
import dev.monopod.model.size.Size;
import dev.monopod.model.support.PodShape.ClaimState;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Decides what is to be done for a pod, from what the watches show and the ledger holds; it calls
/// nobody. A place that it gives is held in the ledger at once, so no two pods get the same. The
/// scheduling thread owns it.
final class Scheduling {
    private static final Judgement NOT_WANTED = new Judgement.Unmatched("");

    private final Ledger ledger;
    private final BiFunction<String, String, ClaimState> claims;
    private final MemoryOverhead overhead;
    private final Function<String, @Nullable Pod> placed;
    private final Function<String, Optional<String>> blocks;
    private final Placer placer = new Placer();

    /// @param claims what is known of a claim, by its namespace and name
    /// @param placed a pod of Fargate by `NAMESPACE/NAME`; null when a watch does not show it
    /// @param blocks why a profile of that name launches nothing for now; empty if it does
    Scheduling(
            Ledger ledger,
            BiFunction<String, String, ClaimState> claims,
            MemoryOverhead overhead,
            Function<String, @Nullable Pod> placed,
            Function<String, Optional<String>> blocks) {
        this.ledger = ledger;
        this.claims = claims;
        this.overhead = overhead;
        this.placed = placed;
        this.blocks = blocks;
    }

    /// @param key `NAMESPACE/NAME`; nobody works on it now
    /// @param found the pod as the watch shows it; null when it is gone
    SchedulingStep decide(String key, @Nullable Pod found) {
        if (found == null
                || found.getMetadata().getDeletionTimestamp() != null
                || found.getSpec().getNodeName() != null
                || PodPhases.ended(found)) {
            ledger.giveUp(key, "");
            return new SchedulingStep.Rest();
        }
        ledger.giveUp(key, Names.machine(found.getMetadata().getUid()));
        var ours = Names.SCHEDULER_NAME.equals(found.getSpec().getSchedulerName());
        var wanted = (ours || adoptable(found)) && !gated(found);
        var snapshot = ledger.snapshot();
        var judgement = judge(found, snapshot);
        var existing = ledger.find(Names.machine(found.getMetadata().getUid()));
        if (existing.isPresent()) {
            return settle(found, existing.get(), wanted ? judgement : NOT_WANTED);
        }
        if (!wanted) {
            return new SchedulingStep.Rest();
        }
        return switch (judgement) {
            case Judgement.Fits(Profile profile, Size size) ->
                    place(found, profile, size, snapshot);
            case Judgement.Unsupported(String reason, String message) ->
                    ours
                            ? new SchedulingStep.Hold(found, reason, message)
                            : new SchedulingStep.Refuse(found, message);
            case Judgement.Unmatched(String message) ->
                    ours
                            ? new SchedulingStep.Hold(found, "Unschedulable", message)
                            : new SchedulingStep.Rest();
        };
    }

    private static boolean gated(Pod pod) {
        var gates = pod.getSpec().getSchedulingGates();
        return gates != null && !gates.isEmpty();
    }

    private Judgement judge(Pod pod, Snapshot snapshot) {
        return Judgement.of(pod, List.copyOf(snapshot.profiles().values()), claims, overhead);
    }

    /// What is made of a pod that has a Machine already, or may have one: it is bound to that if
    /// the pod is still what the Machine was made for. An edit since then undoes the Machine.
    private static SchedulingStep settle(Pod pod, Machine existing, Judgement judgement) {
        var name = existing.getMetadata().getName();
        if (existing.getMetadata().getDeletionTimestamp() != null) {
            return new SchedulingStep.Later();
        }
        return judgement instanceof Judgement.Fits(Profile profile, Size size)
                        && Machines.agree(existing, profile, size)
                ? new SchedulingStep.Settle(pod, name)
                : new SchedulingStep.Undo(pod, name);
    }

    private SchedulingStep place(Pod pod, Profile profile, Size size, Snapshot snapshot) {
        var block = blocks.apply(profile.name());
        if (block.isPresent()) {
            return new SchedulingStep.Hold(pod, "Unschedulable", block.get());
        }
        var request =
                new Placer.Request(
                        profile.name(),
                        size,
                        labels -> NodeTerms.accepts(pod.getSpec(), labels),
                        places -> NodeTerms.unmet(pod.getSpec(), places),
                        spread(pod),
                        ledger.earlier(Names.machine(pod.getMetadata().getUid())));
        return switch (placer.place(request, snapshot)) {
            case Decision.Held held ->
                    new SchedulingStep.Hold(pod, "Unschedulable", held.message());
            case Decision.Placed placed -> {
                var machine = Machines.of(pod, profile, size, placed);
                ledger.reserve(machine);
                yield new SchedulingStep.Create(pod, machine);
            }
        };
    }

    private ZoneSpread spread(Pod pod) {
        if (!ZoneSpread.askedBy(pod)) {
            return ZoneSpread.NONE;
        }
        List<Neighbour> neighbours = new ArrayList<>();
        for (var machine : ledger.machines(pod.getMetadata().getNamespace())) {
            var reference = machine.getSpec().pod();
            var neighbour = placed.apply(reference.namespace() + "/" + reference.name());
            if (neighbour != null && reference.uid().equals(neighbour.getMetadata().getUid())) {
                neighbours.add(new Neighbour(neighbour, machine.getSpec().network().zone()));
            }
        }
        return ZoneSpread.of(pod, neighbours);
    }

    /// Of a pod of the default scheduler: whether it may be taken over when only the missing
    /// profile held it back, further than EKS goes (row F7).
    private static boolean adoptable(Pod pod) {
        var annotations =
                Objects.requireNonNullElse(
                        pod.getMetadata().getAnnotations(), Map.<String, String>of());
        return "default-scheduler".equals(pod.getSpec().getSchedulerName())
                && !"false".equals(annotations.get(Names.ADOPT_ANNOTATION));
    }
}
