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

    /// Machines of an earlier life of this agent that still run. Called once, before the first
    /// [#start]. What is not claimed by the caller must be destroyed by the caller.
    List<VirtualMachine> recover();

    /// `kvm` or `tcg`, by a real boot.
    Accelerator accelerator();

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
