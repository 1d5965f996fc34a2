package dev.monopod.cli.down;

import dev.monopod.cli.installation.HostSnapshot;
import dev.monopod.cli.installation.Layout;
import dev.monopod.cli.terminal.Table;
import dev.monopod.cli.terminal.Text;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What of Monopod's is still there.
///
/// @param before the kernel's state before `up`; null if none was kept (after a reboot, say): then
///   only names tell
record Comparison(@Nullable HostSnapshot before, HostSnapshot after, Layout layout) {
    /// What bears Monopod's name, by kind.
    Map<String, Set<String>> left() {
        return select(true);
    }

    /// What is new since `up` without the name: another program's doing, most likely.
    Map<String, Set<String>> others() {
        return before == null ? Map.of() : select(false);
    }

    private Map<String, Set<String>> select(boolean named) {
        var earlier = before == null ? new HostSnapshot(Map.of()) : before;
        Map<String, Set<String>> chosen = new TreeMap<>();
        after.since(earlier)
                .forEach((kind, lines) -> {
                    Set<String> lot = new TreeSet<>(lines);
                    lot.removeIf(line -> ours(kind, line) != named);
                    if (!lot.isEmpty()) {
                        chosen.put(kind, lot);
                    }
                });
        return chosen;
    }

    private boolean ours(String kind, String line) {
        return switch (kind) {
            case "processes" -> true;
            case "mounts" -> layout.holds(Path.of(HostSnapshot.mountPoint(line)));
            default -> HostSnapshot.named(line);
        };
    }

    Map<String, Integer> counts(boolean earlier) {
        Map<String, Integer> counts = new TreeMap<>();
        var snapshot = earlier ? before : after;
        if (snapshot != null) {
            snapshot.items().forEach((kind, lines) -> counts.put(kind, lines.size()));
        }
        return counts;
    }

    Table table() {
        var table = new Table("KIND", "BEFORE UP", "AFTER DOWN", "LEFT");
        var left = left();
        var earlier = counts(true);
        counts(false)
                .forEach((kind, count) ->
                        table.row(
                                kind,
                                Text.of(earlier.get(kind)),
                                Integer.toString(count),
                                Integer.toString(left.getOrDefault(kind, Set.of()).size())));
        return table;
    }
}
