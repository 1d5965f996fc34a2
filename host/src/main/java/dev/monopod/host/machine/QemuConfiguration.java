package dev.monopod.host.machine;

import java.nio.file.Path;

/// What all QEMU machines of a host share.
///
/// @param guest folder of what the build makes for machines: kernel, initramfs, the jail's program
/// @param dataDirectory where machines keep disks and their record; survives a reboot
/// @param runDirectory where machines keep their sockets; short, since a socket's path holds at
///   most 107 bytes
/// @param clones whether machines may begin with the memory of one that has booted before
public record QemuConfiguration(
        Path guest, Path dataDirectory, Path runDirectory, Clones clones) {
    /// Copies of one machine have their kernel's secrets in common, such as where it lies in memory,
    /// and begin with the same pages, never with what a pod wrote.
    public enum Clones {
        /// All machines of a size are copies of one, which is made anew now and then.
        SHARED,
        /// Each machine boots.
        OFF
    }

    public QemuConfiguration {
        // The jail has each file at the host's own path, and no working directory.
        guest = guest.toAbsolutePath().normalize();
        dataDirectory = dataDirectory.toAbsolutePath().normalize();
        runDirectory = runDirectory.toAbsolutePath().normalize();
    }

    /// Kernel image that is bootable without firmware.
    Path kernel() {
        return guest.resolve("vmlinuz");
    }

    /// The guest and the modules that it needs.
    Path initramfs() {
        return guest.resolve("initramfs.cpio.gz");
    }

    /// The program that puts QEMU into its jail.
    Path jail() {
        return guest.resolve("monopod-jail");
    }

    Path machines() {
        return dataDirectory.resolve("machines");
    }

    Path templates() {
        return dataDirectory.resolve("templates");
    }

    Path sockets() {
        return runDirectory.resolve("machines");
    }
}
