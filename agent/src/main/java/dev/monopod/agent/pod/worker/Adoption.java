package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.life.PodRecord;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.agent.pod.scope.Pauses;
import dev.monopod.agent.pod.scope.PodRuntime;
import dev.monopod.agent.pod.scope.WorkerServices;
import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.kube.api.Machine;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Gives each Machine of this host its worker: a fresh one, or one that goes on where an earlier
/// life of the agent stopped.
final class Adoption {
    private static final Logger LOG = LoggerFactory.getLogger(Adoption.class);
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final WorkerServices services;
    private final HostPods pods;
    private final RecoveredMachines recovered;
    private final Set<String> evicted = ConcurrentHashMap.newKeySet();
    private final Set<String> adopting = ConcurrentHashMap.newKeySet();

    Adoption(WorkerServices services, HostPods pods, RecoveredMachines recovered) {
        this.services = services;
        this.pods = pods;
        this.recovered = recovered;
    }

    /// Begins at once, on a thread of its own: the informer is not held up.
    void adopt(Machine machine) {
        String name = machine.getMetadata().getName();
        if (pods.byMachine(name).isEmpty() && adopting.add(name)) {
            Thread.ofVirtual().name("adopt-" + name).start(() -> begin(machine));
        }
    }

    void changed(Machine machine) {
        if (machine.getMetadata().getDeletionTimestamp() != null) {
            evict(machine);
        } else {
            adopt(machine);
        }
    }

    void deleted(Machine machine) {
        String name = machine.getMetadata().getName();
        adopting.remove(name);
        evicted.remove(name);
        pods.byMachine(name)
                .filter(worker -> !worker.runtime().gone())
                .ifPresent(_ -> evict(machine));
    }

    /// A Machine that goes takes its pod with it, in the ordinary way.
    private void evict(Machine machine) {
        String name = machine.getMetadata().getName();
        pods.byMachine(name)
                .filter(_ -> evicted.add(name))
                .ifPresent(worker ->
                        Thread.ofVirtual()
                                .start(() -> services.api().evictPod(worker.runtime().pod())));
    }

    private void begin(Machine machine) {
        String name = machine.getMetadata().getName();
        try {
            while (true) {
                try {
                    tryBegin(machine);
                    return;
                } catch (RuntimeException | IOException e) {
                    LOG.warn("machine {} is not taken up yet: {}", name, e.toString());
                    Pauses.pause(RETRY);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            adopting.remove(name);
        }
    }

    private void tryBegin(Machine machine) throws IOException {
        var reference = machine.getSpec().pod();
        Optional<Pod> pod =
                services.api().pod(reference.namespace(), reference.name(), reference.uid());
        if (pod.isEmpty()) {
            discard(machine);
            return;
        }
        PodRuntime runtime = new PodRuntime(machine, pod.get(), services);
        Optional<PodRecord> record = PodRecord.read(runtime.directory());
        PodWorker worker =
                record.isPresent()
                        ? resume(runtime, record.get())
                        : fresh(runtime, recovered.claim(machine.getMetadata().getName()));
        if (pods.add(worker)) {
            worker.start(() -> pods.remove(worker));
            runtime.run("first look", () -> look(worker));
            if (machine.getMetadata().getDeletionTimestamp() != null) {
                evict(machine);
            }
        }
    }

    /// What happened to the pod before its worker was known is not missed.
    private void look(PodWorker worker) {
        PodPlan plan = worker.runtime().plan();
        services.api()
                .pod(plan.namespace(), plan.name(), plan.uid())
                .ifPresentOrElse(worker::seen, worker::podGone);
    }

    private PodWorker fresh(PodRuntime runtime, Optional<VirtualMachine> unknown) {
        unknown.ifPresent(vm -> vm.destroy(Duration.ZERO));
        PodState state = PodState.initial(runtime.plan(), services.clock().instant());
        var status = runtime.pod().getStatus();
        boolean over =
                status != null
                        && ("Succeeded".equals(status.getPhase())
                                || "Failed".equals(status.getPhase()));
        return new PodWorker(
                runtime,
                over ? state.withStage(PodState.Stage.OFF) : state,
                Optional.empty(),
                Optional.empty());
    }

    private PodWorker resume(PodRuntime runtime, PodRecord record) {
        Map<String, dev.monopod.host.image.ImageStore.ResolvedImage> images = record.resolved();
        Optional<VirtualMachine> vm = recovered.claim(runtime.machineName());
        boolean usable =
                record.machineStarted()
                        && runtime.plan().lasting().stream()
                                .allMatch(container -> images.containsKey(container.name()));
        if (record.over()) {
            vm.ifPresent(machine -> machine.destroy(Duration.ZERO));
            services.network().detach(runtime.machineName());
            runtime.images().putAll(images);
            return new PodWorker(
                    runtime, record.restore(runtime.plan()), Optional.empty(), Optional.empty());
        }
        if (!usable) {
            return fresh(runtime, vm);
        }
        runtime.images().putAll(images);
        runtime.disksArranged(record.diskPaths());
        PodState state = record.restore(runtime.plan());
        Optional<VirtualMachine> alive = vm.filter(VirtualMachine::alive);
        return new PodWorker(
                runtime,
                state,
                alive,
                alive.isPresent()
                        ? Optional.empty()
                        : Optional.of("the machine did not outlive its agent or host"));
    }

    /// The pod is gone for good: so is everything that was made for it.
    private void discard(Machine machine) throws IOException {
        String name = machine.getMetadata().getName();
        recovered.claim(name).ifPresent(vm -> vm.destroy(Duration.ZERO));
        services.network().detach(name);
        PodDirectories.delete(services.podDirectory(machine.getSpec().pod().uid()));
        services.nodes().remove(machine);
        services.api().removeMachine(name);
    }
}
