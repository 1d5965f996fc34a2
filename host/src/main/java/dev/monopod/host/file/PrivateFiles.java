package dev.monopod.host.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// How files and folders are made that are nobody's but this process' user's: closed from the first
/// moment, whatever the process' mask.
public final class PrivateFiles {
    private static final Set<PosixFilePermission> FOLDER =
            PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> FILE =
            PosixFilePermissions.fromString("rw-------");

    private PrivateFiles() {}

    /// Makes the folder, with those above it, if it is not there, and closes it if it is.
    public static void ensureFolder(Path folder) throws IOException {
        Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(FOLDER));
        Files.setPosixFilePermissions(folder, FOLDER);
    }

    /// @throws java.nio.file.FileAlreadyExistsException if it is there
    public static void createFolder(Path folder) throws IOException {
        Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(FOLDER));
    }

    /// Closes a file that is there.
    public static void close(Path file) throws IOException {
        Files.setPosixFilePermissions(file, FILE);
    }

    /// For methods that make a file.
    public static FileAttribute<?> ofFile() {
        return PosixFilePermissions.asFileAttribute(FILE);
    }
}
