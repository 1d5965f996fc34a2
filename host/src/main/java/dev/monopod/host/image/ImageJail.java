package dev.monopod.host.image;

import dev.monopod.host.file.PrivateFiles;
import dev.monopod.host.jail.ControlGroup;
import dev.monopod.host.jail.JailUsers;
import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.Outcome;
import dev.monopod.host.program.Program;
import dev.monopod.host.program.ProgramRunner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Unpacks and packs each image in a jail of its own (ADR 0044): what reads the layers is a user
/// without rights, that sees them, the disk that it fills and `/usr`, has no network, and a bound
/// on memory, processor, processes, bytes and time. The jail's folder, `packing/image-PID-…`, is
/// also the name of its control group and, by its group, its user: so a later process finds what a
/// killed one left behind.
final class ImageJail {
    /// For the largest image on a slow and busy host.
    static final Duration LIMIT = Duration.ofMinutes(30);

    private static final Logger LOG = LoggerFactory.getLogger(ImageJail.class);
    private static final Pattern NAME = Pattern.compile("image-([0-9]+)-[0-9a-f]+");
    private static final long MEMORY = 768L << 20;
    private static final int MOST_PROCESSES = 64;
    private static final int LONGEST_WORDS = 400;

    /// Pods of the host come first.
    private static final long WEIGHT_MILLI_CPU = 500;

    private static final long MOST_MILLI_CPU = 2000;

    private final Path jail;
    private final Path merger;
    private final Path jails;
    private final Duration limit;
    private final ProgramRunner programs;

    /// @param images folder of the images
    /// @param programs folder that holds `monopod-jail` and `monopod-layers`
    ImageJail(Path images, Path programs) {
        this(images, programs.resolve("monopod-jail"), programs.resolve("monopod-layers"), LIMIT);
    }

    /// @param merger run in the jail instead of `monopod-layers`
    ImageJail(Path images, Path jail, Path merger, Duration limit) {
        this.jail = jail.toAbsolutePath().normalize();
        this.merger = merger.toAbsolutePath().normalize();
        this.jails = images.toAbsolutePath().normalize().resolve("packing");
        this.limit = limit;
        this.programs = new HostPrograms();
    }

    /// What is done with the packed file before it goes.
    interface Use<T> {
        T of(Path disk) throws IOException;
    }

    /// Packs layers, bottom first.
    ///
    /// @param folder that holds nothing but the layers, below one that nobody else may enter
    /// @param mostBytes that the packed file may have
    /// @throws IOException that says what is wrong: with the image, in the words of what read it,
    ///   whose letters are printable and few
    <T> T pack(Path folder, List<Path> layers, List<String> diffIds, long mostBytes, Use<T> use)
            throws IOException {
        var cell = jails.resolve(name());
        var group = new ControlGroup(cell.getFileName().toString());
        var user = users().claim(cell);
        try {
            var disk = cell.resolve("disk");
            Files.createFile(disk, PrivateFiles.ofFile());
            Files.setAttribute(disk, "unix:uid", (int) user);
            PrivateFiles.createFolder(cell.resolve("root"));
            open(folder, layers);
            var line = jailed(cell, user, group, folder, disk);
            line.addAll(List.of(merger.toString(), disk.toString(), Long.toString(mostBytes)));
            for (var i = 0; i < layers.size(); i++) {
                line.addAll(List.of(layers.get(i).toAbsolutePath().toString(), diffIds.get(i)));
            }
            judge(run(line), group);
            return use.of(disk);
        } finally {
            remove(cell);
        }
    }

    private List<String> jailed(Path cell, long user, ControlGroup group, Path folder, Path disk) {
        var line = new ArrayList<String>();
        line.addAll(List.of(jail.toString(), "--user", Long.toString(user), "--wait"));
        line.addAll(List.of("--root", cell.resolve("root").toString()));
        var limits =
                new ControlGroup.Limits(
                        MEMORY, WEIGHT_MILLI_CPU, OptionalLong.of(MOST_MILLI_CPU), MOST_PROCESSES);
        for (var procs : group.make(limits)) {
            line.addAll(List.of("--cgroup", procs.toString()));
        }
        line.addAll(List.of("--run", merger.toString()));
        line.addAll(List.of("--read", folder.toAbsolutePath().toString()));
        line.addAll(List.of("--write", disk.toString(), "--"));
        return line;
    }

    /// The agent's environment may hold secrets.
    private Outcome run(List<String> line) {
        return programs.run(
                Program.of(limit, line).withEnvironment(new Program.Environment.Bare(Map.of())));
    }

    private void judge(Outcome outcome, ControlGroup group) throws IOException {
        switch (outcome) {
            case Outcome.Ended ended when ended.succeeded() -> {}
            case Outcome.Ended ended -> {
                if (group.outOfMemory()) {
                    throw new IOException(
                            "to unpack and pack it takes more than the %d MiB of memory that an image may have"
                                    .formatted(MEMORY >> 20));
                }
                throw new IOException(words(ended));
            }
            case Outcome.TooLate _ ->
                    throw new IOException(
                            "to unpack and pack it takes longer than the %d minutes that an image may take"
                                    .formatted(limit.toMinutes()));
            case Outcome.NotStarted(var reason) -> throw new IOException(reason);
            case Outcome.InputFailed(var cause) -> throw cause;
            case Outcome.Interrupted _ -> throw new IOException("interrupted");
        }
    }

    /// The last line is the reason; what stands before are the packer's warnings. All of it may be
    /// an attacker's, and becomes an event.
    private static String words(Outcome.Ended ended) {
        var last = ended.errors().kept().strip();
        last = last.substring(last.lastIndexOf('\n') + 1);
        var safe = last.replaceAll("[^\\x20-\\x7e…]", "?");
        if (safe.isEmpty()) {
            return "what unpacks and packs it failed with exit code " + ended.code();
        }
        return safe.length() <= LONGEST_WORDS ? safe : safe.substring(0, LONGEST_WORDS) + "…";
    }

    /// Lets the jail's user read the layers, which nobody else gets to.
    private static void open(Path folder, List<Path> layers) throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        for (var layer : layers) {
            Files.setPosixFilePermissions(layer, PosixFilePermissions.fromString("r--r--r--"));
        }
    }

    /// Ends the jails of processes that live no more, and removes them. Before this process has
    /// any: one of its number is of an earlier life.
    void removeAbandoned() throws IOException {
        if (!Files.isDirectory(jails)) {
            return;
        }
        try (var cells = Files.list(jails)) {
            for (var cell : cells.toList()) {
                var name = NAME.matcher(cell.getFileName().toString());
                if (!name.matches() || !others(Long.parseLong(name.group(1)))) {
                    LOG.info("removing {}, which a killed process has left", cell);
                    remove(cell);
                }
            }
        }
    }

    private static boolean others(long pid) {
        return pid != ProcessHandle.current().pid()
                && ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    /// The number is free again only when nothing runs under it.
    private static void remove(Path cell) throws IOException {
        new ControlGroup(cell.getFileName().toString()).remove();
        JailUsers.killAll(JailUsers.of(cell), JailUsers.Kind.IMAGE);
        Spool.remove(cell);
    }

    private JailUsers users() {
        return JailUsers.ofThisHost(JailUsers.Kind.IMAGE, jails);
    }

    private static String name() {
        var random = HexFormat.of().toHexDigits(RandomGenerator.getDefault().nextInt());
        return "image-%d-%s".formatted(ProcessHandle.current().pid(), random);
    }
}
