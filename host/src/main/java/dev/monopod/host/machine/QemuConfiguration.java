package dev.monopod.host.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;

/// What all QEMU machines of a host share.
///
/// @param guest folder of what the build makes for machines: kernel, initramfs, the jail's program
/// @param dataDirectory where machines keep disks and their record; survives a reboot
/// @param runDirectory where machines keep their sockets; short, since a socket's path holds at
///   most 107 bytes
/// @param clones whether machines may begin with the memory of one that has booted before
public record QemuConfiguration(Path guest, Path dataDirectory, Path runDirectory, Clones clones) {
    /// Copies of one machine have their kernel's secrets in common, such as where it lies in
    /// memory; never what a pod wrote.
    public enum Clones {
        /// All machines of a size are copies of one, which is made anew now and then. They share
        /// the memory that none of them writes, where that takes less of the host ([Sharing]).
        SHARED,
        /// They are copies, and share no memory of the host.
        OWN,
        /// Each machine boots.
        OFF
    }

    static final Path QEMU = Path.of("/usr/bin/qemu-system-x86_64");

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

    /// Changes when the kernel, the guest or QEMU is replaced.
    ///
    /// @throws IOException if one of them is not there
    String programs() throws IOException {
        var words = new StringBuilder();
        for (var file : List.of(kernel(), initramfs(), QEMU)) {
            var known = Files.readAttributes(file, BasicFileAttributes.class);
            words.append(known.fileKey()).append(known.lastModifiedTime()).append(known.size());
        }
        return words.toString();
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
