package dev.monopod.agent.pod.worker;

import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Machines of an earlier life that no worker has claimed yet.
final class RecoveredMachines {
    private final Map<String, VirtualMachine> machines = new ConcurrentHashMap<>();

    void put(VirtualMachine machine) {
        machines.put(machine.id(), machine);
    }

    Set<String> ids() {
        return Set.copyOf(machines.keySet());
    }

    /// Hands a machine out once.
    Optional<VirtualMachine> claim(String id) {
        return Optional.ofNullable(machines.remove(id));
    }
}
