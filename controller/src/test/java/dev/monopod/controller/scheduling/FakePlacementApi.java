package dev.monopod.controller.scheduling;

import dev.monopod.kube.api.Machine;
import dev.monopod.model.time.Moment;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// An API server that holds Machines, and that a test makes hang or fail.
final class FakePlacementApi implements PlacementApi {
    final Map<String, Machine> machines = new ConcurrentHashMap<>();

    /// Leases, by the names of their Nodes.
    final Map<String, Lease> claims = new ConcurrentHashMap<>();

    /// Names of all Nodes that were ever claimed.
    final List<String> claimed = new CopyOnWriteArrayList<>();

    final List<String> created = new CopyOnWriteArrayList<>();
    final List<String> bound = new CopyOnWriteArrayList<>();

    /// Pods that are edited whenever they are about to be bound, and how often that was.
    final List<String> edited = new CopyOnWriteArrayList<>();

    final AtomicInteger edits = new AtomicInteger();
    final List<String> deleted = new CopyOnWriteArrayList<>();
    final List<String> told = new CopyOnWriteArrayList<>();

    /// What comes of the creation of a Machine, for this pod.
    final Map<String, UnaryOperator<Machine>> creations = new ConcurrentHashMap<>();

    volatile Surroundings surroundings = Surroundings.EMPTY;

    volatile CountDownLatch conditions = new CountDownLatch(0);

    /// What a read of the surroundings waits for.
    volatile CountDownLatch reads = new CountDownLatch(0);

    static UnaryOperator<Machine> hanging(CountDownLatch until) {
        return machine -> {
            await(until);
            return machine;
        };
    }

    static KubernetesClientException answer(int code) {
        return new KubernetesClientException("answer " + code, code, null);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException closed) {
            throw new IllegalStateException(closed);
        }
    }

    @Override
    public Optional<AddressClaim> claim(Machine machine) {
        var lease = AddressClaim.of(machine, Instant.EPOCH);
        claimed.add(lease.getMetadata().getName());
        return claims.putIfAbsent(lease.getMetadata().getName(), lease) == null
                ? Optional.of(new AddressClaim(lease, Moment.of(Instant.EPOCH)))
                : Optional.empty();
    }

    @Override
    public Map<String, EarlierPlace> earlier() {
        return Map.of();
    }

    @Override
    public void release(AddressClaim claim) {
        claims.remove(claim.lease().getMetadata().getName(), claim.lease());
    }

    @Override
    public Machine create(Machine machine, AddressClaim claim) {
        var pod = machine.getSpec().pod().name();
        created.add(pod);
        var made = creations.getOrDefault(pod, UnaryOperator.identity()).apply(machine);
        if (machines.putIfAbsent(made.getMetadata().getName(), made) != null) {
            throw answer(409);
        }
        return written(made);
    }

    @Override
    public Optional<Machine> machine(String name) {
        return Optional.ofNullable(machines.get(name)).map(FakePlacementApi::written);
    }

    /// As the API server answers.
    private static Machine written(Machine machine) {
        machine.getMetadata().setResourceVersion("1");
        return machine;
    }

    @Override
    public void delete(Machine machine) {
        machines.remove(machine.getMetadata().getName());
        deleted.add(machine.getSpec().pod().name());
    }

    @Override
    public Surroundings surroundings(Pod pod) {
        await(reads);
        return surroundings;
    }

    @Override
    public boolean bind(Pod pod, Machine machine) {
        if (edited.contains(pod.getMetadata().getName())) {
            edits.incrementAndGet();
            return false;
        }
        bound.add(pod.getMetadata().getName() + " " + machine.getSpec().network().address());
        return true;
    }

    @Override
    public Optional<Pod> mark(Pod pod, PodMarks marks) {
        told.add(pod.getMetadata().getName() + " is of " + marks.labels().values());
        var metadata = pod.getMetadata();
        metadata.setLabels(merged(metadata.getLabels(), marks.labels()));
        metadata.setAnnotations(merged(metadata.getAnnotations(), marks.annotations()));
        return Optional.of(pod);
    }

    private static Map<String, String> merged(
            @Nullable Map<String, String> there, Map<String, String> more) {
        var all = new HashMap<String, String>();
        if (there != null) {
            all.putAll(there);
        }
        all.putAll(more);
        return all;
    }

    @Override
    public void notScheduled(Pod pod, String reason, String message) {
        await(conditions);
        told.add(pod.getMetadata().getName() + " " + reason);
    }
}
