package dev.monopod.host.machine;

import java.nio.file.Path;

/// What all QEMU machines of a host share.
///
/// @param kernel uncompressed-boot kernel image (`vmlinuz`)
/// @param initramfs the guest and the modules that it needs
/// @param dataDirectory where machines keep disks and their record; survives a reboot
/// @param runDirectory where machines keep their sockets; short, since a socket's path holds at
///   most 107 bytes
/// @param jailUser numeric user and group that QEMU runs as, unprivileged and of its own
public record QemuConfiguration(
        Path kernel, Path initramfs, Path dataDirectory, Path runDirectory, long jailUser) {
    /// Unassigned in Debian, so that no account of the host shares files or processes with QEMU.
    public static final long DEFAULT_JAIL_USER = 64_055;

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
