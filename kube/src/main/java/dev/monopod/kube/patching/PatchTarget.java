package dev.monopod.kube.patching;

import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineStatus.Phase;
import dev.monopod.kube.api.MachineVersions;
import dev.monopod.kube.api.PatchRunSpec.Pods;
import dev.monopod.kube.mapping.PodPhases;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A pod that a round of patching is about: it runs on a machine that is to be made anew.
///
/// @param zone of its machine
/// @param profile that selected it
/// @param runs what its machine is made of, if that is known
/// @param wanted what a new machine on its host would be made of, if that is known
public record PatchTarget(
        Pod pod,
        String zone,
        String profile,
        Optional<MachineVersions> runs,
        Optional<MachineVersions> wanted) {
    private static final Set<Phase> BEFORE = Set.of(Phase.Pending, Phase.Starting);
    private static final Comparator<PatchTarget> ORDER =
            Comparator.comparing(PatchTarget::zone).thenComparing(PatchTarget::display);

    /// Those pods, zone by zone. Pods that have ended are none, and those whose machine has not
    /// begun, such as for an image that can't be pulled; those that are being deleted are.
    ///
    /// @param asked when patching was asked for: a pod that was made after it is on a new machine
    public static List<PatchTarget> of(
            Collection<Pod> pods,
            Collection<Machine> machines,
            Collection<Host> hosts,
            Pods which,
            Instant asked) {
        var byName = new HashMap<String, Machine>();
        machines.forEach(machine -> byName.put(machine.getMetadata().getName(), machine));
        var wanted = new HashMap<String, Optional<MachineVersions>>();
        hosts.forEach(host -> wanted.put(host.getMetadata().getName(), versions(host)));
        var targets = new ArrayList<PatchTarget>();
        for (var pod : pods) {
            var machine = byName.get(Names.machine(pod.getMetadata().getUid()));
            if (machine == null
                    || !begun(machine)
                    || PodPhases.ended(pod)
                    || created(pod).isAfter(asked)) {
                continue;
            }
            var target =
                    new PatchTarget(
                            pod,
                            machine.getSpec().network().zone(),
                            machine.getSpec().profile(),
                            versions(machine),
                            wanted.getOrDefault(machine.getSpec().host(), Optional.empty()));
            if (which == Pods.All || target.outOfDate()) {
                targets.add(target);
            }
        }
        targets.sort(ORDER);
        return targets;
    }

    /// Whether a new machine would be another. Nobody knows of a host that does not say what its
    /// machines are made of; a machine that does not say is older than those that do.
    public boolean outOfDate() {
        return wanted.isPresent() && !wanted.equals(runs);
    }

    /// Whether it is being deleted already.
    public boolean leaving() {
        return pod.getMetadata().getDeletionTimestamp() != null;
    }

    public String uid() {
        return pod.getMetadata().getUid();
    }

    /// `NAMESPACE/NAME`.
    public String display() {
        return pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName();
    }

    /// What it will be made of is what a new machine would be.
    private static boolean begun(Machine machine) {
        var status = machine.getStatus();
        return status != null
                && (status.versions() != null
                        || status.phase() != null && !BEFORE.contains(status.phase()));
    }

    private static Instant created(HasMetadata object) {
        return Instant.parse(object.getMetadata().getCreationTimestamp());
    }

    private static Optional<MachineVersions> versions(Machine machine) {
        return Optional.ofNullable(machine.getStatus()).map(status -> status.versions());
    }

    private static Optional<MachineVersions> versions(Host host) {
        return Optional.ofNullable(host.getStatus()).map(status -> status.machineVersions());
    }
}
