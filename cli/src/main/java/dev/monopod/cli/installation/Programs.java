package dev.monopod.cli.installation;

import dev.monopod.host.file.PrivateFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What the processes of this host run from: a copy of one build, in the data folder, that no build
/// and no package manager changes or deletes. A build is told from another by the names, sizes and
/// times of its files.
public final class Programs {
    /// Those that processes read; each may be missing.
    private static final List<String> PARTS =
            List.of(
                    Layout.CONTROL_PLANE,
                    "bin",
                    "gateway-api",
                    "guest",
                    "lib",
                    ReleaseVersion.FILE,
                    "runtime");

    /// Maven and dpkg replace every other file by another of that name; jars may be written into.
    private static final String WRITTEN_IN_PLACE = "lib";

    private static final int ID_DIGITS = 12;

    private final Layout layout;
    private final Map<Path, BasicFileAttributes> files;
    private final Path folder;

    private Programs(Layout layout, Map<Path, BasicFileAttributes> files) {
        this.layout = layout;
        this.files = files;
        this.folder = layout.programs().resolve(id(files));
    }

    /// Those of the build as it is now.
    public static Programs of(Layout layout) {
        Map<Path, BasicFileAttributes> files = new TreeMap<>();
        for (var part : PARTS) {
            find(layout.dist(), layout.dist().resolve(part), files);
        }
        return new Programs(layout, files);
    }

    /// Where they are once [#install] has returned.
    public Path folder() {
        return folder;
    }

    /// The jar that is one of our processes: its manifest names the main class and the class path.
    Path jar(String process) {
        return folder.resolve("lib")
                .resolve("monopod-%s-%s.jar".formatted(process, Layout.VERSION));
    }

    /// A release brings its own; a checkout's processes run on the JDK that this command runs on.
    Path java() {
        var home = Path.of(System.getProperty("java.home"));
        var own = home.startsWith(layout.dist());
        return (own ? folder.resolve(layout.dist().relativize(home)) : home).resolve("bin/java");
    }

    /// Copies what is not there yet, whole or not at all.
    public void install() {
        if (Files.isDirectory(folder)) {
            return;
        }
        var unfinished = folder.resolveSibling(folder.getFileName() + ".new");
        try {
            delete(unfinished);
            PrivateFiles.ensureFolder(layout.programs());
            for (var entry : files.entrySet()) {
                place(entry.getKey(), entry.getValue(), unfinished.resolve(entry.getKey()));
            }
            Files.createDirectories(unfinished);
            Files.move(unfinished, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /// Makes them what this host runs, and removes those of other builds, which nothing runs from
    /// any more.
    public void choose() {
        var link = layout.currentPrograms();
        var fresh = link.resolveSibling("current.new");
        try {
            Files.deleteIfExists(fresh);
            Files.createSymbolicLink(fresh, folder.getFileName());
            Files.move(fresh, link, StandardCopyOption.ATOMIC_MOVE);
            try (var others = Files.list(layout.programs())) {
                for (var other : others.toList()) {
                    if (!other.equals(folder) && !other.equals(link)) {
                        delete(other);
                    }
                }
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private void place(Path name, BasicFileAttributes attributes, Path target) throws IOException {
        Files.createDirectories(target.getParent());
        var source = layout.dist().resolve(name);
        if (attributes.isSymbolicLink()) {
            Files.createSymbolicLink(target, Files.readSymbolicLink(source));
            return;
        }
        if (!name.startsWith(WRITTEN_IN_PLACE)) {
            try {
                Files.createLink(target, source);
                return;
            } catch (IOException | UnsupportedOperationException otherFileSystem) {
                // A copy is as good, and takes its space.
                Files.deleteIfExists(target);
            }
        }
        Files.copy(source, target, StandardCopyOption.COPY_ATTRIBUTES);
    }

    private static String id(Map<Path, BasicFileAttributes> files) {
        var text = new StringBuilder();
        files.forEach((name, attributes) ->
                text.append(name)
                        .append(' ')
                        .append(attributes.size())
                        .append(' ')
                        .append(attributes.lastModifiedTime().toMillis())
                        .append('\n'));
        return Hashes.sha256(text.toString().getBytes(StandardCharsets.UTF_8))
                .substring(0, ID_DIGITS);
    }

    private static void find(Path dist, Path part, Map<Path, BasicFileAttributes> found) {
        if (!Files.exists(part, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try {
            Files.walkFileTree(
                    part,
                    new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult visitFile(
                                Path file, BasicFileAttributes attributes) {
                            found.put(dist.relativize(file), attributes);
                            return FileVisitResult.CONTINUE;
                        }
                    });
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(
                folder,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.delete(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(
                            Path directory, @Nullable IOException failure) throws IOException {
                        if (failure != null) {
                            throw failure;
                        }
                        Files.delete(directory);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }
}
