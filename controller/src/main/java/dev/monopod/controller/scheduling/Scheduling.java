package dev.monopod.controller.scheduling;

import dev.monopod.controller.scheduling.Placer.Decision;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.kube.mapping.PodShapes;
import dev.monopod.kube.mapping.PodSizing;
import dev.monopod.model.names.Names;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.profile.Match;
import dev.monopod.model.profile.ProfileMatching;
import dev.monopod.model.size.MemoryOverhead;
import dev.monopod.model.size.Provisioned;
import dev.monopod.model.size.Size;
import dev.monopod.model.support.PodShape.ClaimState;
import dev.monopod.model.support.Refusals;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// Decides what is to be done for a pod, from what the watches show and the ledger holds; it calls
/// nobody. A place that it gives is held in the ledger at once, so no two pods get the same. The
/// scheduling thread owns it.
final class Scheduling {
    private static final String ADOPT = "monopod.dev/adopt";
    private static final String UNSUPPORTED = "POD_UNSUPPORTED_ON_FARGATE";

    private final Ledger ledger;
    private final BiFunction<String, String, ClaimState> claims;
    private final MemoryOverhead overhead;
    private final Placer placer = new Placer();

    /// @param claims what is known of a claim, by its namespace and name
    Scheduling(
            Ledger ledger, BiFunction<String, String, ClaimState> claims, MemoryOverhead overhead) {
        this.ledger = ledger;
        this.claims = claims;
        this.overhead = overhead;
    }

    /// @param key `NAMESPACE/NAME`; nobody works on it now
    /// @param found the pod as the watch shows it; null when it is gone
    SchedulingStep decide(String key, @Nullable Pod found) {
        if (found == null
                || found.getMetadata().getDeletionTimestamp() != null
                || found.getSpec().getNodeName() != null
                || finished(found)) {
            ledger.giveUp(key, "");
            return new SchedulingStep.Rest();
        }
        ledger.giveUp(key, Names.machine(found.getMetadata().getUid()));
        return Names.SCHEDULER_NAME.equals(found.getSpec().getSchedulerName())
                ? ours(found)
                : foreign(found);
    }

    private static boolean finished(Pod pod) {
        var phase = pod.getStatus() == null ? "" : pod.getStatus().getPhase();
        return "Succeeded".equals(phase) || "Failed".equals(phase);
    }

    private SchedulingStep ours(Pod pod) {
        if (pod.getSpec().getSchedulingGates() != null
                && !pod.getSpec().getSchedulingGates().isEmpty()) {
            return new SchedulingStep.Rest();
        }
        var name = Names.machine(pod.getMetadata().getUid());
        var existing = ledger.find(name);
        if (existing.isPresent()) {
            return existing.get().getMetadata().getDeletionTimestamp() == null
                    ? new SchedulingStep.Settle(pod, name)
                    : new SchedulingStep.Later();
        }
        return unsupported(pod)
                .<SchedulingStep>map(message -> new SchedulingStep.Hold(pod, UNSUPPORTED, message))
                .orElseGet(() -> size(pod));
    }

    private Optional<String> unsupported(Pod pod) {
        var namespace = pod.getMetadata().getNamespace();
        var refusals =
                Refusals.check(
                        PodShapes.of(
                                pod.getSpec(),
                                pod.getMetadata().getName(),
                                claim -> claims.apply(namespace, claim)));
        return refusals.isEmpty() ? Optional.empty() : Optional.of(Refusals.eksMessage(refusals));
    }

    private SchedulingStep size(Pod pod) {
        return switch (PodSizing.provision(pod.getSpec(), overhead)) {
            case Provisioned.TooLarge tooLarge ->
                    new SchedulingStep.Hold(pod, UNSUPPORTED, tooLarge.message());
            case Provisioned.Fits fits -> place(pod, fits.size());
        };
    }

    private SchedulingStep place(Pod pod, Size size) {
        var profile = labels(pod).getOrDefault(Names.PROFILE_LABEL, "");
        var request =
                new Placer.Request(
                        profile, size, labels -> NodeTerms.accepts(pod.getSpec(), labels));
        return switch (placer.place(request, ledger.snapshot())) {
            case Decision.Held held ->
                    new SchedulingStep.Hold(pod, "Unschedulable", held.message());
            case Decision.Placed placed -> {
                var machine = machine(pod, profile, size, placed);
                ledger.reserve(machine);
                yield new SchedulingStep.Create(pod, machine);
            }
        };
    }

    /// A pod of the default scheduler that only the missing profile held back is taken over,
    /// further than EKS goes (row F7). One that has been goes the way of ours.
    private SchedulingStep foreign(Pod pod) {
        var annotations = annotations(pod);
        var owners =
                Objects.requireNonNullElse(
                        pod.getMetadata().getOwnerReferences(), List.<OwnerReference>of());
        if (!"default-scheduler".equals(pod.getSpec().getSchedulerName())
                || "false".equals(annotations.get(ADOPT))
                || owners.stream().anyMatch(owner -> owner.getKind().equals("DaemonSet"))) {
            return new SchedulingStep.Rest();
        }
        var match =
                ProfileMatching.choose(
                        List.copyOf(ledger.snapshot().profiles().values()),
                        pod.getMetadata().getNamespace(),
                        labels(pod),
                        annotations);
        if (!(match instanceof Match.Selected selected)
                || !(PodSizing.provision(pod.getSpec(), overhead)
                        instanceof Provisioned.Fits fits)) {
            return new SchedulingStep.Rest();
        }
        var unsupported = unsupported(pod);
        if (unsupported.isPresent()) {
            return new SchedulingStep.Refuse(pod, unsupported.get());
        }
        var profile = selected.profile().name();
        var capacity = fits.size().annotation();
        return profile.equals(labels(pod).get(Names.PROFILE_LABEL))
                        && capacity.equals(annotations.get(Names.CAPACITY_ANNOTATION))
                ? ours(pod)
                : new SchedulingStep.Adopt(pod, profile, capacity);
    }

    private static Machine machine(Pod pod, String profile, Size size, Decision.Placed placed) {
        var uid = pod.getMetadata().getUid();
        var subnet = placed.subnet();
        var machine = new Machine();
        machine.setMetadata(
                new ObjectMetaBuilder()
                        .withName(Names.machine(uid))
                        .addToLabels(Names.HOST_LABEL, placed.host())
                        .addToLabels(Names.PROFILE_LABEL, profile)
                        .addToFinalizers(Names.AGENT_FINALIZER)
                        .build());
        machine.setSpec(
                new MachineSpec(
                        placed.host(),
                        new MachineSpec.PodReference(
                                pod.getMetadata().getNamespace(), pod.getMetadata().getName(), uid),
                        Names.node(placed.address(), subnet.region()),
                        profile,
                        new MachineSpec.Size(
                                size.cpu().value(), size.memory().value(), size.storage().value()),
                        new MachineSpec.Interface(
                                subnet.vpc(),
                                subnet.name(),
                                subnet.zone(),
                                placed.address(),
                                subnet.cidr().gateway(),
                                mac(placed.address()),
                                securityGroups(pod))));
        return machine;
    }

    /// As the webhook chose them when the pod was created; later changes of the annotation count no
    /// more. Absent for pods that no webhook saw: the cluster security group.
    private static @Nullable List<String> securityGroups(Pod pod) {
        var chosen = annotations(pod).get(Names.SECURITY_GROUPS_ANNOTATION);
        return chosen == null || chosen.isBlank() ? null : List.of(chosen.split(","));
    }

    /// Locally administered, and as unique as the address.
    private static String mac(String address) {
        var number = Cidr.address(address);
        return "02:00:%02x:%02x:%02x:%02x"
                .formatted(number >> 24 & 255, number >> 16 & 255, number >> 8 & 255, number & 255);
    }

    private static Map<String, String> labels(Pod pod) {
        return Objects.requireNonNullElse(pod.getMetadata().getLabels(), Map.of());
    }

    private static Map<String, String> annotations(Pod pod) {
        return Objects.requireNonNullElse(pod.getMetadata().getAnnotations(), Map.of());
    }
}
