package dev.monopod.host.image;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.regex.Pattern;

/// A folder for what one process works on. Its name tells whose it is, so that what a killed
/// process left behind is found and removed.
final class Spool implements AutoCloseable {
    private static final Pattern NAME = Pattern.compile("spool-([0-9]+)-.*|(?:pull|load)-.*");

    private final Path folder;

    private Spool(Path folder) {
        this.folder = folder;
    }

    static Spool in(Path directory) throws IOException {
        Files.createDirectories(directory);
        return new Spool(
                Files.createTempDirectory(
                        directory, "spool-" + ProcessHandle.current().pid() + "-"));
    }

    Path folder() {
        return folder;
    }

    /// Removes the folders of processes that live no more. Before this process has any: one of its
    /// number is of an earlier life.
    static void removeAbandoned(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (var children = Files.list(directory)) {
            for (var child : children.toList()) {
                var name = NAME.matcher(child.getFileName().toString());
                if (name.matches() && (name.group(1) == null || !others(name.group(1)))) {
                    remove(child);
                }
            }
        }
    }

    private static boolean others(String pid) {
        var number = Long.parseLong(pid);
        return number != ProcessHandle.current().pid()
                && ProcessHandle.of(number).map(ProcessHandle::isAlive).orElse(false);
    }

    @Override
    public void close() {
        try {
            remove(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove " + folder, e);
        }
    }

    /// Removes a folder with all that is in it.
    static void remove(Path folder) throws IOException {
        try (var paths = Files.walk(folder)) {
            for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
