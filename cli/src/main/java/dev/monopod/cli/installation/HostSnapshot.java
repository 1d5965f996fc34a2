package dev.monopod.cli.installation;

import dev.monopod.cli.terminal.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/// All that Monopod could leave in the kernel, by kind, as text lines that can be compared.
///
/// Links, nft tables, routes, network namespaces and mounts are complete; control groups and
/// processes are only those with Monopod's name.
public record HostSnapshot(Map<String, Set<String>> items) {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Path CONTROL_GROUPS = Path.of("/sys/fs/cgroup");
    private static final String CONTROL_GROUP = "monopod";
    private static final Pattern NAMED =
            Pattern.compile("(?<![\\w.-])(monopod(?![a-z0-9.])|mp-[0-9a-z])");

    public HostSnapshot {
        items = Map.copyOf(items);
    }

    /// What the kernel holds now. Processes count if their command line names one of the layout's
    /// folders; this process and its ancestors do not.
    public static HostSnapshot take(Layout layout) {
        Map<String, Set<String>> items = new TreeMap<>();
        items.put("links", names(lines("ip", "-o", "link", "show"), 1));
        items.put("nft tables", Set.copyOf(lines("nft", "list", "tables")));
        Set<String> routes = new TreeSet<>(lines("ip", "route", "show", "table", "all"));
        items.put("routes", routes);
        items.put("rules", Set.copyOf(lines("ip", "rule", "show")));
        items.put("network namespaces", names(lines("ip", "netns", "list"), 0));
        items.put("mounts", mounts());
        items.put("control groups", controlGroups());
        items.put("processes", processes(layout));
        return new HostSnapshot(items);
    }

    public static HostSnapshot read(Path file) {
        try {
            return Json.read(file, HostSnapshot.class);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    public void write(Path file) {
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, Json.write(this));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /// What this snapshot has and the earlier one had not, by kind.
    public Map<String, Set<String>> since(HostSnapshot before) {
        Map<String, Set<String>> more = new TreeMap<>();
        items.forEach((kind, now) -> {
            Set<String> added = new TreeSet<>(now);
            added.removeAll(before.items.getOrDefault(kind, Set.of()));
            if (!added.isEmpty()) {
                more.put(kind, added);
            }
        });
        return more;
    }

    /// Whether something in the line bears Monopod's name: not another's that only has it within.
    public static boolean named(String line) {
        return NAMED.matcher(line).find();
    }

    private static List<String> lines(String... command) {
        return Commands.outputIfAny(LIMIT, command).lines().map(String::strip).toList();
    }

    private static Set<String> names(List<String> lines, int column) {
        Set<String> names = new TreeSet<>();
        for (var line : lines) {
            var words = line.split("\\s+", -1);
            if (words.length > column) {
                names.add(words[column].replaceFirst("[:@].*", ""));
            }
        }
        return names;
    }

    private static Set<String> mounts() {
        Set<String> mounts = new TreeSet<>();
        for (var line : read(() -> readString(Path.of("/proc/self/mounts"))).lines().toList()) {
            var fields = line.split(" ", -1);
            mounts.add(fields[1] + " (" + fields[2] + ")");
        }
        return mounts;
    }

    /// Where it is mounted, of a line about a mount.
    public static String mountPoint(String line) {
        return line.replaceFirst(" \\([^(]*\\)$", "").replace("\\040", " ");
    }

    /// Folders of Monopod's control groups, the deepest last.
    public static Set<String> controlGroups() {
        return controlGroups(CONTROL_GROUPS);
    }

    /// `monopod` and what is in it, of version 2 or of each hierarchy of version 1; groups of that
    /// name further down are others'.
    static Set<String> controlGroups(Path root) {
        Set<String> found = new TreeSet<>();
        for (var hierarchy : hierarchies(root)) {
            try (var walk = Files.walk(hierarchy.resolve(CONTROL_GROUP))) {
                walk.filter(Files::isDirectory).forEach(path -> found.add(path.toString()));
            } catch (IOException | UncheckedIOException vanished) {
                // Groups come and go while the walk runs; those of ours are stopped by then.
                continue;
            }
        }
        return found;
    }

    private static List<Path> hierarchies(Path root) {
        List<Path> all = new ArrayList<>(List.of(root));
        try (var folders = Files.list(root)) {
            folders.filter(folder -> Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS))
                    .filter(folder -> !folder.endsWith(CONTROL_GROUP))
                    .forEach(all::add);
        } catch (IOException none) {
            return List.of();
        }
        return all;
    }

    private static Set<String> processes(Layout layout) {
        Set<String> found = new TreeSet<>();
        ourProcesses(layout)
                .forEach(process -> found.add(process.pid() + " " + describe(process.pid())));
        return found;
    }

    /// Processes that were started for the layout: their command names its data or run folder.
    public static List<ProcessHandle> ourProcesses(Layout layout) {
        List<ProcessHandle> found = new ArrayList<>();
        Set<Long> mine = new TreeSet<>();
        for (var process = ProcessHandle.current();
                process != null;
                process = process.parent().orElse(null)) {
            mine.add(process.pid());
        }
        try (var all = ProcessHandle.allProcesses()) {
            all.filter(process -> !mine.contains(process.pid()))
                    .filter(process -> belongsTo(layout, commandLine(process.pid())))
                    .forEach(found::add);
        }
        return found;
    }

    private static boolean belongsTo(Layout layout, String commandLine) {
        var program = commandLine.split(" ", 2)[0];
        var name = program.substring(program.lastIndexOf('/') + 1);
        var ours =
                name.equals("java")
                        || name.startsWith("qemu-")
                        || name.equals("haproxy")
                        || name.startsWith("monopod-control-plane")
                        || name.equals("setpriv")
                        || name.equals("monopod-jail")
                        || name.equals("monopod-layers")
                        || name.equals("sqfstar")
                        || name.equals("ip");
        return ours && (names(commandLine, layout.data()) || names(commandLine, layout.run()));
    }

    /// Whether the folder or something in it stands there, and not one whose name only begins or
    /// ends so.
    static boolean names(String commandLine, Path folder) {
        return Pattern.compile("(?<![\\w./-])" + Pattern.quote(folder.toString()) + "(?![\\w.-])")
                .matcher(commandLine)
                .find();
    }

    private static String commandLine(long pid) {
        return read(() -> readString(Path.of("/proc/" + pid + "/cmdline")))
                .replace('\0', ' ')
                .strip();
    }

    private static String describe(long pid) {
        var command = commandLine(pid);
        return command.length() > 120 ? command.substring(0, 120) + "…" : command;
    }

    private static String read(Supplier<String> reader) {
        try {
            return reader.get();
        } catch (UncheckedIOException gone) {
            return "";
        }
    }

    private static String readString(Path path) {
        try {
            return new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
