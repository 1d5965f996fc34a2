package dev.monopod.host.machine;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Makes virtual machines. One real implementation (QEMU) and one fake share the contract test. A
/// machine lives on when the agent dies; [#recover] finds it again.
public interface Hypervisor {
    /// Starts a machine; returns when its process runs and its channel can be dialled (the guest
    /// may still be booting).
    ///
    /// @throws MachineException when it can't be started; nothing is left then
    VirtualMachine start(MachineConfiguration configuration);

    /// A machine of that size which has begun already and waits for a pod, if there is one. It is
    /// the caller's then, and nobody is given it again.
    default Optional<WaitingMachine> reserve(Size size) {
        return Optional.empty();
    }

    /// What a machine that waits can't change any more.
    ///
    /// @param scratchBytes as in [MachineConfiguration]
    record Size(long milliCpu, long memoryMebiBytes, long scratchBytes) {}

    /// A machine that waits for a pod. It has a tap of its own in a network namespace of its own,
    /// and no image. Thread-safe.
    interface WaitingMachine extends AutoCloseable {
        /// The process that has the tap open, in whose network namespace it is.
        long pid();

        /// Name of the tap there.
        String tapName();

        /// Becomes that machine; returns as [#start] does. Its tap must be the configuration's by
        /// then.
        ///
        /// @throws MachineException when it can't; it is gone then, and so is its tap
        VirtualMachine become(MachineConfiguration configuration);

        /// Ends it, unless it has become a machine.
        @Override
        void close();
    }

    /// Machines of an earlier life of this agent that still run; those that waited are ended.
    /// Called once, before the first [#start]. What is not claimed by the caller must be destroyed
    /// by the caller.
    List<VirtualMachine> recover();

    /// `kvm` or `tcg`, by a real boot.
    Accelerator accelerator();

    /// What a machine that starts now is made of; empty if that can't be found out.
    Optional<Programs> programs();

    /// Equal ones are the same programs.
    ///
    /// @param kernel release and digest
    /// @param guest digest of its initramfs
    /// @param qemu version, as it says itself
    record Programs(String kernel, String guest, String qemu) {}

    enum Accelerator {
        KVM,
        TCG
    }

    /// Everything that makes one machine differ from another.
    ///
    /// @param id one path segment, unique: the Machine object's name
    /// @param imageDisks read-only squashfs files; slot n of the guest is scratch for n = 0 and
    ///   imageDisks[n-1] after that
    /// @param scratchBytes apparent size of the sparse scratch disk, which the hypervisor makes
    ///   (ext4) and deletes
    record MachineConfiguration(
            String id,
            long milliCpu,
            long memoryMebiBytes,
            long scratchBytes,
            List<Path> imageDisks,
            Optional<TapDevice> network) {}

    /// A tap that exists already.
    ///
    /// @param networkNamespace name under /run/netns that holds the tap
    record TapDevice(String networkNamespace, String name, String mac) {}

    /// One machine. Thread-safe.
    interface VirtualMachine {
        String id();

        /// Unix socket of the guest's channel; one client at a time.
        Path channel();

        /// Process id of the machine's monitor, for humans and tests.
        long pid();

        boolean alive();

        /// Waits until the process has ended.
        ///
        /// @return why it ended, as far as known
        String awaitExit() throws InterruptedException;

        /// Puts one more image disk into a spare slot of the running machine; the slot it is in
        /// already, if it is. It stays there.
        ///
        /// @param imageDisk read-only squashfs file, whole
        /// @return the guest's slot
        /// @throws MachineException when no slot is free, or the machine has ended
        int insertDisk(Path imageDisk);

        /// Waits for an orderly end that the guest was asked for, then kills; then removes all that
        /// [#start] made. Idempotent.
        void destroy(Duration patience);

        /// Last lines of the console, bounded, for diagnosis.
        String consoleTail();
    }
}
