package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.life.Noted;
import dev.monopod.agent.pod.life.PodRecord;
import dev.monopod.agent.pod.life.Resumption;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.host.file.OwnFile;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.kube.client.EventType;
import dev.monopod.kube.mapping.PodPhases;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Pace;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

/// Gives each Machine of this host its worker: a fresh one, or one that goes on where an earlier
/// life of the agent stopped.
final class Adoption {
    static final String UNREADABLE = "PodRecordUnreadable";

    private static final Pace PACE =
            Pace.whenNudged().withRetries(Duration.ofSeconds(1), Duration.ofSeconds(10));

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
        var name = machine.getMetadata().getName();
        if (pods.byMachine(name).isEmpty() && adopting.add(name)) {
            begin(machine, Optional.empty());
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
        var name = machine.getMetadata().getName();
        adopting.remove(name);
        evicted.remove(name);
        pods.byMachine(name).filter(worker -> !worker.gone()).ifPresent(_ -> evict(machine));
    }

    /// A Machine that goes takes its pod with it, in the ordinary way.
    private void evict(Machine machine) {
        var name = machine.getMetadata().getName();
        pods.byMachine(name).filter(_ -> evicted.add(name)).ifPresent(PodWorker::evictSoon);
    }

    /// Whatever goes wrong, the Machine gets its worker in the end.
    private void begin(Machine machine, Optional<Throwable> stumble) {
        var name = machine.getMetadata().getName();
        var reference = machine.getSpec().pod();
        var itself = new AtomicReference<Loop>();
        itself.set(
                services.loops()
                        .ofPod(
                                "pod-adoptions",
                                "%s_%s(%s) adoption"
                                        .formatted(
                                                reference.name(),
                                                reference.namespace(),
                                                reference.uid()),
                                PACE,
                                () -> {
                                    tryBegin(machine, stumble);
                                    adopting.remove(name);
                                    Objects.requireNonNull(itself.get()).close();
                                }));
        Objects.requireNonNull(itself.get()).start();
    }

    /// @param stumble of the worker before this one
    private void tryBegin(Machine machine, Optional<Throwable> stumble) throws IOException {
        var reference = machine.getSpec().pod();
        var pod =
                shown(reference)
                        .filter(Adoption::lives)
                        .or(() ->
                                services.api()
                                        .pod(
                                                reference.namespace(),
                                                reference.name(),
                                                reference.uid()));
        if (pod.isEmpty()) {
            if (services.api().believable(machine.getMetadata().getName())) {
                discard(machine);
            }
            return;
        }
        var view = new PodView(machine, pod.get(), services.podDirectory(reference.uid()));
        var worker = worker(view, noted(view), stumble);
        if (pods.add(worker)) {
            worker.start(() -> pods.remove(worker), cause -> again(worker, cause));
            services.delivery().begin(view);
            if (!version(shown(reference)).equals(version(pod))) {
                // Its watch went on while nobody listened.
                worker.lookSoon();
            }
            if (machine.getMetadata().getDeletionTimestamp() != null) {
                evict(machine);
            }
        }
    }

    /// A record that can't be read, or is a later version's, keeps the pod from being taken up; its
    /// machine runs on, and the next try is soon.
    private Noted noted(PodView view) throws IOException {
        try {
            return RecordKeeper.read(view.directory(), services.clocks().wall());
        } catch (OwnFile.Unreadable e) {
            services.api()
                    .event(
                            view.pod(),
                            EventType.WARNING,
                            UNREADABLE,
                            "The pod's machine is left alone, since its host cannot read the pod's record: "
                                    + e.reason(),
                            "");
            throw e;
        }
    }

    private Optional<Pod> shown(MachineSpec.PodReference pod) {
        return services.api().shown(pod.namespace(), pod.name(), pod.uid());
    }

    /// One that ends may be gone already, though the watch still shows it.
    private static boolean lives(Pod pod) {
        return pod.getMetadata().getDeletionTimestamp() == null && !PodPhases.ended(pod);
    }

    private static Optional<String> version(Optional<Pod> pod) {
        return pod.map(found -> found.getMetadata().getResourceVersion());
    }

    private PodWorker worker(PodView view, Noted noted, Optional<Throwable> stumble) {
        var vm = recovered.claim(view.machineName());
        try {
            return worker(view, noted, stumble, vm);
        } catch (RuntimeException | Error e) {
            // For the next try: a machine that runs on is not to be thought lost.
            vm.ifPresent(recovered::put);
            throw e;
        }
    }

    private PodWorker worker(
            PodView view, Noted noted, Optional<Throwable> stumble, Optional<VirtualMachine> vm) {
        var handle =
                new MachineHandle(
                        view.plan().name(),
                        view.machine().getSpec().size().memoryMebiBytes() << 20);
        var how =
                Resumption.of(
                        noted,
                        view.plan(),
                        new PodTraces(services.transport()).of(view, noted, vm),
                        services.clocks().now());
        var record =
                noted instanceof Noted.Whole(PodRecord whole)
                        ? Optional.of(whole)
                        : Optional.<PodRecord>empty();
        switch (how) {
            case Resumption.Fresh _, Resumption.Forgotten _ -> vm.ifPresent(Adoption::destroy);
            case Resumption.Ended _ -> {
                vm.ifPresent(Adoption::destroy);
                services.network().detach(view.machineName());
                record.ifPresent(known -> handle.images().putAll(known.resolved()));
            }
            case Resumption.Ongoing _, Resumption.Lost _ -> {
                record.ifPresent(known -> handle.images().putAll(known.resolved()));
                record.ifPresent(known -> handle.arrange(known.diskPaths()));
            }
        }
        if (how instanceof Resumption.Ongoing) {
            // Known from the first record on: an agent that is killed now must find it again.
            vm.ifPresent(handle::started);
        }
        return new PodWorker(view, handle, services, how, stumble);
    }

    private static void destroy(VirtualMachine machine) {
        machine.destroy(Duration.ZERO);
    }

    /// A worker that stumbled has let go of its machine: another one takes the pod up from its
    /// record, as after a restart of the agent.
    private void again(PodWorker worker, Throwable stumble) {
        adopting.add(worker.view().machineName());
        worker.vm().ifPresent(recovered::put);
        pods.remove(worker);
        begin(worker.machine(), Optional.of(stumble));
    }

    /// The pod is gone for good: so is everything that was made for it.
    private void discard(Machine machine) throws IOException {
        var name = machine.getMetadata().getName();
        recovered.claim(name).ifPresent(Adoption::destroy);
        services.network().detach(name);
        var uid = machine.getSpec().pod().uid();
        services.delivery().end(uid, services.podDirectory(uid));
        PodDirectories.delete(services.podDirectory(uid));
        services.nodes().remove(machine);
        services.api().removeMachine(name);
    }
}
