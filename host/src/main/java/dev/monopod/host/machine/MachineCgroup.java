package dev.monopod.host.machine;

import dev.monopod.host.jail.ControlGroup;
import dev.monopod.host.machine.Hypervisor.Accelerator;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// The control group of one machine. It bounds QEMU from outside whatever the guest does.
final class MachineCgroup {
    /// QEMU's own memory beside the guest's: code, device buffers, translated code of TCG.
    private static final long MONITOR_MEBIBYTES = 256;

    private static final int MOST_PROCESSES = 64;

    private final ControlGroup group;

    MachineCgroup(String id) {
        this.group = new ControlGroup(id);
    }

    /// Processor time, in thousandths of a processor.
    ///
    /// @param weight against other machines
    /// @param most that it gets under KVM, while nobody else wants any
    record Share(long weight, long most) {
        static Share of(long milliCpu) {
            return new Share(milliCpu, milliCpu);
        }
    }

    /// Makes the groups and returns their `cgroup.procs` files.
    List<Path> make(Share share, long memoryMebiBytes, Accelerator accelerator) {
        return group.make(limits(share, memoryMebiBytes, accelerator));
    }

    static ControlGroup.Limits limits(Share share, long memoryMebiBytes, Accelerator accelerator) {
        return new ControlGroup.Limits(
                (memoryMebiBytes + MONITOR_MEBIBYTES) << 20,
                share.weight(),
                most(share, accelerator),
                MOST_PROCESSES);
    }

    /// Changes the processor time that the machine gets.
    void limit(Share share, Accelerator accelerator) {
        group.limit(share.weight(), most(share, accelerator));
    }

    /// Under KVM a machine gets at most the processor time of its size; emulation is slow enough,
    /// so there sizes are only weights.
    private static OptionalLong most(Share share, Accelerator accelerator) {
        return switch (accelerator) {
            case KVM -> OptionalLong.of(share.most());
            case TCG -> OptionalLong.empty();
        };
    }

    /// Whether the kernel has killed QEMU because the group was out of memory.
    boolean outOfMemory() {
        return group.outOfMemory();
    }

    /// The one process that runs in the groups; empty if there is none or more than one. A QEMU
    /// starts no other, and its groups are not its own to change.
    Optional<MachineProcess> onlyProcess() {
        var found = group.processes();
        try {
            return found.size() == 1
                    ? Optional.of(MachineProcess.of(found.iterator().next()))
                    : Optional.empty();
        } catch (MachineException ended) {
            return Optional.empty();
        }
    }

    /// Kills what is left in the groups, then removes them. Idempotent.
    void remove() {
        group.remove();
    }
}
