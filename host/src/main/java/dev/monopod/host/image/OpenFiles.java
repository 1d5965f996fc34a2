package dev.monopod.host.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Which files some process has open, by the kernel's word (`/proc/PID/fd`), so that it holds too
/// for machines that nobody knows of any more.
final class OpenFiles {
    private static final Path PROCESSES = Path.of("/proc");

    private OpenFiles() {}

    /// Those of the files that are open.
    static Set<Path> among(List<Path> files) throws IOException {
        Map<Object, Path> wanted = new HashMap<>();
        for (var file : files) {
            if (Files.exists(file)) {
                wanted.put(key(file), file);
            }
        }
        var open = new HashSet<Path>();
        try (var processes = Files.newDirectoryStream(PROCESSES, "[0-9]*")) {
            for (var process : processes) {
                look(process.resolve("fd"), wanted, open);
            }
        }
        return open;
    }

    private static void look(Path descriptors, Map<Object, Path> wanted, Set<Path> open) {
        try (var files = Files.newDirectoryStream(descriptors)) {
            for (var file : files) {
                // Only what looks like one of ours is followed: a descriptor may be a socket.
                if (Files.readSymbolicLink(file).toString().endsWith(".squashfs")) {
                    var found = wanted.get(key(file));
                    if (found != null) {
                        open.add(found);
                    }
                }
            }
        } catch (IOException | java.nio.file.DirectoryIteratorException e) {
            // The process has ended, or closed the file, meanwhile.
        }
    }

    private static Object key(Path file) throws IOException {
        return Files.getAttribute(file, "unix:dev") + ":" + Files.getAttribute(file, "unix:ino");
    }
}
