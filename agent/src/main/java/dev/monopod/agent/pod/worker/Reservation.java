package dev.monopod.agent.pod.worker;

import dev.monopod.host.machine.Hypervisor.MachineConfiguration;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.host.machine.Hypervisor.WaitingMachine;
import dev.monopod.host.machine.MachineException;
import dev.monopod.host.network.HostNetwork.OpenTap;
import java.util.Optional;

/// The machine that has waited for one pod, if there is any: for one try. Thread-safe.
final class Reservation implements AutoCloseable {
    private Optional<WaitingMachine> waiting;

    Reservation(Optional<WaitingMachine> waiting) {
        this.waiting = waiting;
    }

    synchronized Optional<OpenTap> tap() {
        return waiting.map(machine -> new OpenTap(machine.pid(), machine.tapName()));
    }

    /// Nothing is reserved afterwards.
    ///
    /// @return empty if nothing was
    /// @throws MachineException when it can't become that machine; its tap has gone with it
    synchronized Optional<VirtualMachine> take(MachineConfiguration configuration) {
        var taken = waiting;
        waiting = Optional.empty();
        return taken.map(machine -> machine.become(configuration));
    }

    /// Ends it, unless it was taken.
    ///
    /// @return whether there was anything
    synchronized boolean giveUp() {
        var left = waiting;
        waiting = Optional.empty();
        left.ifPresent(WaitingMachine::close);
        return left.isPresent();
    }

    @Override
    public void close() {
        var unused = giveUp();
    }
}
