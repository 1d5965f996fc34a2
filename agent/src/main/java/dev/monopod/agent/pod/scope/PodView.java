package dev.monopod.agent.pod.scope;

import dev.monopod.agent.pod.spec.DownwardFields;
import dev.monopod.agent.pod.spec.PodAllocation;
import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.kube.api.Machine;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/// The pod as last seen, and what never changes about it. Thread-safe; two reads may see two
/// versions of the pod.
public final class PodView {
    private final Machine machine;
    private final Path directory;
    private final List<Runnable> onNews = new CopyOnWriteArrayList<>();
    private final List<Runnable> onSeen = new CopyOnWriteArrayList<>();
    private volatile Seen seen;
    private volatile Optional<PodAllocation> granted = Optional.empty();

    private record Seen(Pod pod, PodPlan plan) {
        static Seen of(Pod pod, Machine machine) {
            return new Seen(pod, PodPlan.of(pod, machine.getSpec().size()));
        }
    }

    /// @param directory of this pod alone: its record and logs
    public PodView(Machine machine, Pod pod, Path directory) {
        this.machine = machine;
        this.directory = directory;
        this.seen = Seen.of(pod, machine);
    }

    public Machine machine() {
        return machine;
    }

    public String machineName() {
        return machine.getMetadata().getName();
    }

    public Pod pod() {
        return seen.pod();
    }

    public PodPlan plan() {
        return seen.plan();
    }

    public Path directory() {
        return directory;
    }

    /// As in EKS, the Node's address is the pod's.
    public String address() {
        return machine.getSpec().network().address();
    }

    /// Whether the pod is on this machine. One that its user, or another scheduler, put on another
    /// node is not, nor is one that is bound to nothing yet.
    public boolean isBoundHere(Pod pod) {
        return machine.getSpec().nodeName().equals(pod.getSpec().getNodeName());
    }

    public void seen(Pod pod) {
        var before = seen.pod().getMetadata();
        seen = Seen.of(pod, machine);
        if (!Objects.equals(before.getLabels(), pod.getMetadata().getLabels())
                || !Objects.equals(before.getAnnotations(), pod.getMetadata().getAnnotations())) {
            onNews.forEach(Runnable::run);
        }
        onSeen.forEach(Runnable::run);
    }

    /// Has an action done whenever the pod is seen anew; it must not block.
    public void onSeen(Runnable action) {
        onSeen.add(action);
    }

    /// Has an action done whenever the downward API has something new; it must not block.
    public void onNews(Runnable action) {
        onNews.add(action);
    }

    /// The resources that the pod has from now on, which what it asks for may be ahead of.
    public void grant(PodAllocation allocation) {
        granted = Optional.of(allocation);
    }

    /// The pod with the resources that it was granted.
    public Pod granted() {
        var pod = pod();
        return granted.map(allocation -> allocation.applyTo(pod)).orElse(pod);
    }

    /// What the downward API tells of this pod.
    public DownwardFields fields() {
        var size = machine.getSpec().size();
        return new DownwardFields(
                pod(),
                address(),
                address(),
                new DownwardFields.Allocatable(
                        size.milliCpu(),
                        size.memoryMebiBytes() << 20,
                        size.storageMebiBytes() << 20));
    }
}
