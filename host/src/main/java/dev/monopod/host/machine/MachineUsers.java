package dev.monopod.host.machine;

import dev.monopod.host.file.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The users that machines run as: each machine has a number of its own, of a user and of a group,
/// as long as its folder exists. The folder's group *is* the number, so that a later agent knows it
/// too, and no machine can change it. Thread-safe; one for all machines of a host.
///
/// The range lies above what systemd gives to containers and below what a signed number holds;
/// numbers that the host has given away itself are left out. Source: systemd's "Users, Groups, UIDs
/// and GIDs on systemd Systems".
final class MachineUsers {
    static final long FIRST = 0x7000_0000L;
    static final int COUNT = 1 << 16;

    private static final Logger LOG = LoggerFactory.getLogger(MachineUsers.class);

    private final Path machines;
    private final Path settings;
    private final RandomGenerator random;

    /// @param machines folder of the machines' folders
    /// @param settings the host's `/etc`
    /// @param random where the search begins, so that a number is not soon used again
    MachineUsers(Path machines, Path settings, RandomGenerator random) {
        this.machines = machines;
        this.settings = settings;
        this.random = random;
    }

    static MachineUsers ofThisHost(QemuConfiguration configuration) {
        return new MachineUsers(
                configuration.machines(), Path.of("/etc"), RandomGenerator.getDefault());
    }

    /// Makes the machine's folder, which only the agent may enter, and gives it a number that no
    /// other machine has.
    ///
    /// @throws java.nio.file.FileAlreadyExistsException if there is a machine of that name
    synchronized long claim(Path folder) throws IOException {
        PrivateFiles.ensureFolder(machines);
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

    private long free() throws IOException {
        var used = used();
        var foreign = foreign();
        var start = random.nextInt(COUNT);
        for (var i = 0; i < COUNT; i++) {
            var number = FIRST + (start + i) % COUNT;
            if (!used.contains(number)
                    && foreign.stream().noneMatch(range -> range.contains(number))) {
                return number;
            }
        }
        throw new MachineException(
                "all %d users from %d on are machines' or the host's".formatted(COUNT, FIRST));
    }

    private Set<Long> used() throws IOException {
        var used = new HashSet<Long>();
        try (var folders = Files.newDirectoryStream(machines)) {
            for (var folder : folders) {
                used.add(Integer.toUnsignedLong((int) Files.getAttribute(folder, "unix:gid")));
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
        ranges.removeIf(range -> !range.overlaps(FIRST, FIRST + COUNT - 1));
        return ranges;
    }

    private List<String> lines(String file) {
        var path = settings.resolve(file);
        try {
            return Files.exists(path) ? Files.readAllLines(path) : List.of();
        } catch (IOException e) {
            LOG.warn("cannot read {}, machines may get numbers of users in it: {}", path, e);
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
