package dev.monopod.host.jail;

import dev.monopod.host.file.PrivateFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The users that jails of one kind run as: each jail has a number of its own, of a user and of a
/// group, as long as its folder exists. The folder's group *is* the number, so that a later process
/// knows it too, and none in the jail can change it. Thread-safe; one for all jails of the kind.
///
/// The ranges lie above what systemd gives to containers and below what a signed number holds;
/// numbers that the host has given away itself are left out. Source: systemd's "Users, Groups, UIDs
/// and GIDs on systemd Systems".
public final class JailUsers {
    public static final int COUNT = 1 << 16;

    private static final Duration END = Duration.ofSeconds(2);

    private static final Logger LOG = LoggerFactory.getLogger(JailUsers.class);

    private final long first;
    private final Path folders;
    private final Path settings;
    private final RandomGenerator random;

    /// Every number is taken.
    public static final class NoneFreeException extends IOException {
        private static final long serialVersionUID = 1;

        NoneFreeException(String message) {
            super(message);
        }
    }

    /// Whose numbers they are.
    public enum Kind {
        MACHINE(0x7000_0000L),
        IMAGE(0x7001_0000L);

        private final long first;

        Kind(long first) {
            this.first = first;
        }

        /// The first of the kind's [#COUNT] numbers.
        public long first() {
            return first;
        }
    }

    /// @param folders folder of the jails' folders
    /// @param settings the host's `/etc`
    /// @param random where the search begins, so that a number is not soon used again
    public JailUsers(Kind kind, Path folders, Path settings, RandomGenerator random) {
        this.first = kind.first();
        this.folders = folders;
        this.settings = settings;
        this.random = random;
    }

    public static JailUsers ofThisHost(Kind kind, Path folders) {
        return new JailUsers(kind, folders, Path.of("/etc"), RandomGenerator.getDefault());
    }

    /// Makes the jail's folder, which only root may enter, and gives it a number that no other jail
    /// has.
    ///
    /// @throws java.nio.file.FileAlreadyExistsException if there is a jail of that name
    public synchronized long claim(Path folder) throws IOException {
        PrivateFiles.ensureFolder(this.folders);
        PrivateFiles.createFolder(folder);
        try {
            var number = free();
            Files.setAttribute(folder, "unix:gid", (int) number);
            return number;
        } catch (IOException | RuntimeException e) {
            Files.delete(folder);
            throw e;
        }
    }

    /// The number of a jail's folder.
    public static long of(Path folder) throws IOException {
        return Integer.toUnsignedLong((int) Files.getAttribute(folder, "unix:gid"));
    }

    /// Kills every process of a jail's user, also where there is no control group. Returns when
    /// none is left, or after some seconds.
    ///
    /// @throws IllegalArgumentException for a number that is none of the kind's
    public static void killAll(long user, Kind kind) throws IOException {
        if (user < kind.first() || user >= kind.first() + COUNT) {
            throw new IllegalArgumentException("not the user of a jail: " + user);
        }
        for (var process : processes(user)) {
            process.destroyForcibly();
            try {
                process.onExit().get(END.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (ExecutionException | TimeoutException e) {
                LOG.warn(
                        "process {} of user {} does not end: {}",
                        process.pid(),
                        user,
                        e.toString());
            }
        }
    }

    /// What runs as this user.
    public static List<ProcessHandle> processes(long user) throws IOException {
        var found = new ArrayList<ProcessHandle>();
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (var process : processes) {
                if (owned(process, user)) {
                    ProcessHandle.of(Long.parseLong(process.getFileName().toString()))
                            .ifPresent(found::add);
                }
            }
        }
        return found;
    }

    /// By its status, since a process can hide whose its folder is.
    private static boolean owned(Path process, long user) {
        try (var lines = Files.lines(process.resolve("status"), StandardCharsets.ISO_8859_1)) {
            return lines.filter(line -> line.startsWith("Uid:"))
                    .anyMatch(line -> line.contains("\t" + user));
        } catch (IOException | UncheckedIOException ended) {
            return false;
        }
    }

    private long free() throws IOException {
        var used = used();
        var foreign = foreign();
        var start = random.nextInt(COUNT);
        for (var i = 0; i < COUNT; i++) {
            var number = first + (start + i) % COUNT;
            if (!used.contains(number)
                    && foreign.stream().noneMatch(range -> range.contains(number))) {
                return number;
            }
        }
        throw new NoneFreeException(
                "all %d users from %d on are taken by jails or by the host"
                        .formatted(COUNT, first));
    }

    private Set<Long> used() throws IOException {
        var used = new HashSet<Long>();
        try (var folders = Files.newDirectoryStream(this.folders)) {
            for (var folder : folders) {
                used.add(of(folder));
            }
        }
        return used;
    }

    /// What the host has given away in the range.
    private List<Range> foreign() {
        var ranges = new ArrayList<Range>();
        for (var file : List.of("passwd", "group")) {
            lines(file).forEach(line -> ranges.add(range(line, 2, -1)));
        }
        for (var file : List.of("subuid", "subgid")) {
            lines(file).forEach(line -> ranges.add(range(line, 1, 2)));
        }
        ranges.removeIf(range -> !range.overlaps(first, first + COUNT - 1));
        return ranges;
    }

    private List<String> lines(String file) {
        var path = settings.resolve(file);
        try {
            return Files.exists(path) ? Files.readAllLines(path) : List.of();
        } catch (IOException e) {
            LOG.warn("cannot read {}, jails may get numbers of users in it: {}", path, e);
            return List.of();
        }
    }

    /// @param count field of the range's length; none for one number
    private static Range range(String line, int first, int count) {
        var fields = line.split(":", -1);
        try {
            var start = Long.parseLong(fields[first]);
            return new Range(start, start + (count < 0 ? 1 : Long.parseLong(fields[count])) - 1);
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            LOG.trace("no number is in \"{}\"", line);
            return Range.NONE;
        }
    }

    private record Range(long first, long last) {
        static final Range NONE = new Range(0, -1);

        boolean contains(long number) {
            return first <= number && number <= last;
        }

        boolean overlaps(long from, long to) {
            return first <= to && from <= last;
        }
    }
}
