package dev.monopod.controller.scheduling;

import dev.monopod.kube.api.Machine;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/// The API server as a process sees it that is stopped and resumed: calls wait, before they are
/// sent or when they are answered, until the process goes on. Some answers are lost, too.
final class StoppablePlacementApi implements PlacementApi {
    private final PlacementApi api;
    private final Random random;
    private final int lostOfHundred;
    private final AtomicInteger waiting = new AtomicInteger();
    private volatile CountDownLatch goesOn = new CountDownLatch(0);

    StoppablePlacementApi(PlacementApi api, Random random, int lostOfHundred) {
        this.api = api;
        this.random = random;
        this.lostOfHundred = lostOfHundred;
    }

    void stop() {
        goesOn = new CountDownLatch(1);
    }

    void resume() {
        goesOn.countDown();
    }

    /// Calls that wait for the process to go on.
    int waiting() {
        return waiting.get();
    }

    private <T> T call(Supplier<T> call) {
        pause();
        var answer = call.get();
        pause();
        if (random.nextInt(100) < lostOfHundred) {
            throw new KubernetesClientException("the answer is lost", 0, null);
        }
        return answer;
    }

    private void pause() {
        waiting.incrementAndGet();
        try {
            goesOn.await();
        } catch (InterruptedException closed) {
            throw new IllegalStateException(closed);
        } finally {
            waiting.decrementAndGet();
        }
    }

    @Override
    public Optional<AddressClaim> claim(Machine machine) {
        return call(() -> api.claim(machine));
    }

    @Override
    public Map<String, EarlierPlace> earlier() {
        return api.earlier();
    }

    @Override
    public void release(AddressClaim claim) {
        pause();
        api.release(claim);
    }

    @Override
    public Machine create(Machine machine, AddressClaim claim) {
        return call(() -> api.create(machine, claim));
    }

    @Override
    public Optional<Machine> machine(String name) {
        return call(() -> api.machine(name));
    }

    @Override
    public void delete(Machine machine) {
        pause();
        api.delete(machine);
    }

    @Override
    public Surroundings surroundings(Pod pod) {
        return call(() -> api.surroundings(pod));
    }

    @Override
    public boolean bind(Pod pod, Machine machine) {
        return call(() -> api.bind(pod, machine));
    }

    @Override
    public Optional<Pod> mark(Pod pod, PodMarks marks) {
        return call(() -> api.mark(pod, marks));
    }

    @Override
    public void notScheduled(Pod pod, String reason, String message) {
        pause();
        api.notScheduled(pod, reason, message);
    }
}
