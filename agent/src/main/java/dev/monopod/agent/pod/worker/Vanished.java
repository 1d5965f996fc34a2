package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.api.Disappearance;
import dev.monopod.agent.pod.api.Disappearance.Sight;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.kube.api.Machine;
import dev.monopod.model.names.Names;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What is on this host and has no Machine at the API server: it stays until [Disappearance] is
/// certain. If its Machine comes back meanwhile, its pod goes on. One thread at a time.
final class Vanished {
    private static final Logger LOG = LoggerFactory.getLogger(Vanished.class);

    private final WorkerServices services;
    private final HostPods pods;
    private final RecoveredMachines recovered;
    private final Disappearance disappearance;

    /// The hypervisor has told of what runs; it does so once.
    private boolean found;

    Vanished(
            WorkerServices services,
            HostPods pods,
            RecoveredMachines recovered,
            Disappearance disappearance) {
        this.services = services;
        this.pods = pods;
        this.recovered = recovered;
        this.disappearance = disappearance;
    }

    /// Finds what an earlier life left, and removes what certainly is nobody's.
    ///
    /// @param known Machines of this host that the API server has
    /// @throws RuntimeException when the API server does not answer
    void begin(Set<String> known) {
        disappearance.meet();
        if (!found) {
            services.hypervisor().recover().forEach(recovered::put);
            found = true;
        }
        var strays = withoutWorker();
        strays.removeAll(known);
        strays.removeIf(stray -> disappearance.look(stray) instanceof Sight.Gone && removed(stray));
        strays.addAll(known);
        services.network().retainOnly(strays);
    }

    /// Asks again for what is missing.
    ///
    /// @param there whether the watch shows the Machine
    /// @throws RuntimeException when the API server does not answer, and while something is
    ///   missing: the probes show it then
    void look(Predicate<String> there, Adoption adoption) {
        for (var worker : pods.workers()) {
            if (!worker.off()
                    && !there.test(worker.view().machineName())
                    && disappearance.look(worker.view().machineName()) instanceof Sight.Gone) {
                adoption.deleted(worker.machine());
            }
        }
        var here = withoutWorker();
        for (var stray : Set.copyOf(here)) {
            if (pods.byMachine(stray).isEmpty()) {
                switch (disappearance.look(stray)) {
                    case Sight.There(Machine machine) -> adoption.adopt(machine);
                    case Sight.Doubtful _ -> {}
                    case Sight.Gone() -> here.removeIf(one -> one.equals(stray) && removed(one));
                }
            }
        }
        pods.workers().forEach(worker -> here.add(worker.view().machineName()));
        disappearance.retainOnly(here);
        var missing = disappearance.missing();
        if (!missing.isEmpty()) {
            throw new IllegalStateException(
                    "the API server has no longer %s; the pods run on for %d minutes"
                            .formatted(
                                    String.join(", ", new TreeSet<>(missing)),
                                    Disappearance.QUARANTINE.toMinutes()));
        }
    }

    /// Machines whose process or whose directory is here.
    private Set<String> withoutWorker() {
        var machines = new HashSet<>(recovered.ids());
        var directory = services.settings().dataDirectory().resolve("pods");
        try {
            Files.createDirectories(directory);
            try (var children = Files.list(directory)) {
                children.map(child -> Names.machine(child.getFileName().toString()))
                        .forEach(machines::add);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        machines.removeIf(machine -> pods.byMachine(machine).isPresent());
        return machines;
    }

    private boolean removed(String machine) {
        LOG.info("{} has no Machine object: removing what is left of it", machine);
        recovered.claim(machine).ifPresent(Vanished::destroy);
        services.network().detach(machine);
        try {
            PodDirectories.delete(services.podDirectory(Names.podUid(machine)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return true;
    }

    private static void destroy(VirtualMachine machine) {
        machine.destroy(Duration.ZERO);
    }
}
