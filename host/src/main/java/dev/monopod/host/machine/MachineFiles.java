package dev.monopod.host.machine;

import dev.monopod.host.file.PrivateFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where one machine keeps what it has on the host: disks and its record in the data folder,
/// sockets in the run folder. Both folders are the agent's: a QEMU that was taken over must not
/// choose the process that the record names, and what it may use is shown to it in its jail.
record MachineFiles(Path data, Path run) {
    private static final Logger LOG = LoggerFactory.getLogger(MachineFiles.class);

    static MachineFiles of(QemuConfiguration configuration, String id) {
        if (!id.matches("[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}")) {
            throw new MachineException("id: \"" + id + "\" is not one path segment of at most 63");
        }
        return new MachineFiles(
                configuration.machines().resolve(id), configuration.sockets().resolve(id));
    }

    Path scratch() {
        return data.resolve("scratch.img");
    }

    Path record() {
        return data.resolve("machine.json");
    }

    MachineLog log() {
        return new MachineLog(data.resolve("qemu.log"));
    }

    /// Where the jail mounts its root, which is seen there only.
    Path root() {
        return data.resolve("root");
    }

    /// Holds the image disks that the jail shows.
    Path images() {
        return data.resolve("images");
    }

    Path qmp() {
        return run.resolve("qmp.sock");
    }

    Path channel() {
        return run.resolve("guest.sock");
    }

    /// The name by which the machine was begun: its control groups and the paths in its jail have
    /// it for good, whatever it has become.
    String slot() {
        try {
            return Files.readString(begun()).strip();
        } catch (IOException e) {
            LOG.debug("{} has no name in {}: {}", this, begun(), e.toString());
            return data.toFile().getName();
        }
    }

    private Path begun() {
        return data.resolve("begun-as");
    }

    private Path shares() {
        return data.resolve("shares");
    }

    /// Notes what the machine has in common with others.
    void share(SharedMemory memory) throws IOException {
        Files.createFile(shares(), PrivateFiles.ofFile());
        Files.writeString(shares(), memory.toString());
    }

    /// What the machine has in common with others; empty if it has its memory alone.
    Optional<SharedMemory> shared() {
        try {
            return Optional.of(SharedMemory.parse(Files.readString(shares())));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            LOG.warn("the template of {} is not counted: {}", this, e.toString());
            return Optional.empty();
        }
    }

    /// Gives these files the name of another machine, its data last: a crash leaves the sockets'
    /// folder at worst ([#removeAbandoned]).
    ///
    /// @throws IOException if there is a machine of that name
    void become(MachineFiles other) throws IOException {
        if (Files.exists(other.data)) {
            throw new FileAlreadyExistsException(other.data.toString());
        }
        removeTree(other.run);
        Files.move(run, other.run);
        try {
            Files.move(data, other.data);
        } catch (IOException e) {
            Files.move(other.run, run);
            throw e;
        }
    }

    /// Removes the sockets of machines that have no data.
    static void removeAbandoned(QemuConfiguration configuration) throws IOException {
        if (!Files.isDirectory(configuration.sockets())) {
            return;
        }
        try (var folders = Files.list(configuration.sockets())) {
            for (var folder : folders.toList()) {
                if (!Files.exists(configuration.machines().resolve(folder.getFileName()))) {
                    removeTree(folder);
                }
            }
        }
    }

    /// Makes what a jail needs in the data folder, which is there.
    ///
    /// @param id by which the machine begins
    void make(String id) throws IOException {
        Files.createFile(begun(), PrivateFiles.ofFile());
        Files.writeString(begun(), id);
        PrivateFiles.createFolder(root());
        PrivateFiles.createFolder(images());
        // Only the jail shows it to anybody: what is above it is closed.
        Files.setPosixFilePermissions(images(), PosixFilePermissions.fromString("r-xr-xr-x"));
    }

    /// Shows an image disk to the jail, also to one that runs: as a link to the same file, since a
    /// disk may be filled later; as a copy if it is on another file system.
    ///
    /// @return the path that QEMU opens
    /// @throws IOException that names the image
    Path show(Path image) throws IOException {
        if (!Files.exists(image)) {
            throw new IOException("there is no image disk " + image);
        }
        var shown = images().resolve(image.getFileName());
        if (!Files.exists(shown)) {
            link(image, shown);
        } else if (!Files.isSameFile(shown, image) && Files.mismatch(shown, image) >= 0) {
            throw new IOException("another image disk has the name of " + image);
        }
        return new MachineFiles(data.resolveSibling(slot()), run)
                .images()
                .resolve(shown.getFileName());
    }

    private static void link(Path image, Path shown) throws IOException {
        try {
            Files.createLink(shown, image);
        } catch (FileSystemException otherFileSystem) {
            LOG.debug("{} is copied: {}", image, otherFileSystem.getReason());
            Files.copy(image, shown);
            Files.setPosixFilePermissions(shown, PosixFilePermissions.fromString("r--r--r--"));
        }
    }

    void remove() {
        removeTree(run);
        removeTree(data);
    }

    /// What goes meanwhile by itself, as the sockets of a QEMU that ends do, hinders nothing.
    private static void removeTree(Path root) {
        try {
            Files.walkFileTree(root, new Removal());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove " + root, e);
        }
    }

    private static final class Removal extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
            return goOn(failure);
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
                throws IOException {
            if (failure != null) {
                goOn(failure);
            }
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
        }

        private static FileVisitResult goOn(IOException failure) throws IOException {
            if (failure instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
            }
            throw failure;
        }
    }
}
