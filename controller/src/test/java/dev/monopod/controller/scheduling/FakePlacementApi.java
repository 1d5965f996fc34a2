package dev.monopod.controller.scheduling;

import dev.monopod.kube.api.Machine;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;

/// An API server that holds Machines, and that a test makes hang or fail.
final class FakePlacementApi implements PlacementApi {
    final Map<String, Machine> machines = new ConcurrentHashMap<>();
    final List<String> created = new CopyOnWriteArrayList<>();
    final List<String> bound = new CopyOnWriteArrayList<>();
    final List<String> told = new CopyOnWriteArrayList<>();

    /// What comes of the creation of a Machine, for this pod.
    final Map<String, UnaryOperator<Machine>> creations = new ConcurrentHashMap<>();

    volatile CountDownLatch conditions = new CountDownLatch(0);

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
    public Machine create(Machine machine) {
        var pod = machine.getSpec().pod().name();
        created.add(pod);
        var made = creations.getOrDefault(pod, UnaryOperator.identity()).apply(machine);
        if (machines.putIfAbsent(made.getMetadata().getName(), made) != null) {
            throw answer(409);
        }
        return made;
    }

    @Override
    public Optional<Machine> machine(String name) {
        return Optional.ofNullable(machines.get(name));
    }

    @Override
    public void bind(Pod pod, Machine machine) {
        bound.add(pod.getMetadata().getName() + " " + machine.getSpec().network().address());
    }

    @Override
    public void adopt(Pod pod, String profile, String capacity) {
        told.add(pod.getMetadata().getName() + " is of " + profile);
    }

    @Override
    public void notScheduled(Pod pod, String reason, String message) {
        await(conditions);
        told.add(pod.getMetadata().getName() + " " + reason);
    }
}
