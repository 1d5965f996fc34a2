package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.life.PodRecord;
import dev.monopod.agent.pod.life.Resumption;
import dev.monopod.agent.pod.scope.Pauses;
import dev.monopod.agent.pod.scope.PodRuntime;
import dev.monopod.agent.pod.scope.WorkerServices;
import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.kube.api.Machine;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.io.IOException;
import java.time.Duration;
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
            Thread.ofVirtual().name("adopt-" + name).start(() -> begin(machine, Optional.empty()));
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

    private void begin(Machine machine, Optional<RuntimeException> stumble) {
        String name = machine.getMetadata().getName();
        try {
            while (true) {
                try {
                    tryBegin(machine, stumble);
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

    /// @param stumble of the worker before this one
    private void tryBegin(Machine machine, Optional<RuntimeException> stumble) throws IOException {
        var reference = machine.getSpec().pod();
        Optional<Pod> pod =
                services.api().pod(reference.namespace(), reference.name(), reference.uid());
        if (pod.isEmpty()) {
            discard(machine);
            return;
        }
        PodRuntime runtime = new PodRuntime(machine, pod.get(), services);
        PodWorker worker = worker(runtime, PodRecord.read(runtime.directory()), stumble);
        if (pods.add(worker)) {
            worker.start(() -> pods.remove(worker), cause -> again(worker, cause));
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

    private PodWorker worker(
            PodRuntime runtime, Optional<PodRecord> record, Optional<RuntimeException> stumble) {
        Optional<VirtualMachine> vm = recovered.claim(runtime.machineName());
        Resumption how =
                Resumption.of(
                        record,
                        runtime.plan(),
                        vm.filter(VirtualMachine::alive).isPresent(),
                        Optional.ofNullable(runtime.pod().getStatus()).map(PodStatus::getPhase),
                        services.clock().instant());
        switch (how) {
            case Resumption.Fresh _, Resumption.Forgotten _ -> vm.ifPresent(Adoption::destroy);
            case Resumption.Ended _ -> {
                vm.ifPresent(Adoption::destroy);
                services.network().detach(runtime.machineName());
                record.ifPresent(noted -> runtime.images().putAll(noted.resolved()));
            }
            case Resumption.Ongoing _, Resumption.Lost _ -> {
                record.ifPresent(noted -> runtime.images().putAll(noted.resolved()));
                record.ifPresent(noted -> runtime.disksArranged(noted.diskPaths()));
            }
        }
        if (how instanceof Resumption.Ongoing) {
            // Known from the first record on: an agent that is killed now must find it again.
            vm.ifPresent(runtime::vmStarted);
        }
        return new PodWorker(runtime, how, stumble);
    }

    private static void destroy(VirtualMachine machine) {
        machine.destroy(Duration.ZERO);
    }

    /// A worker that stumbled has let go of its machine: another one takes the pod up from its
    /// record, as after a restart of the agent.
    private void again(PodWorker worker, RuntimeException stumble) {
        adopting.add(worker.runtime().machineName());
        worker.runtime().vm().ifPresent(recovered::put);
        pods.remove(worker);
        begin(worker.machine(), Optional.of(stumble));
    }

    /// The pod is gone for good: so is everything that was made for it.
    private void discard(Machine machine) throws IOException {
        String name = machine.getMetadata().getName();
        recovered.claim(name).ifPresent(Adoption::destroy);
        services.network().detach(name);
        PodDirectories.delete(services.podDirectory(machine.getSpec().pod().uid()));
        services.nodes().remove(machine);
        services.api().removeMachine(name);
    }
}
