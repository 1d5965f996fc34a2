package dev.monopod.model.loop;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// How a loop fares at one moment.
///
/// @param lastSuccess when its last pass ended well; empty before the first
/// @param failures in a row, up to now
/// @param lastError what the last failure said; empty if the last pass ended well
public record LoopHealth(
        String name,
        Reach reach,
        State state,
        Optional<Instant> lastSuccess,
        int failures,
        String lastError) {
    /// A failure that is mended sooner is no news.
    public static final Duration PATIENCE = Duration.ofSeconds(8);

    private static final int MOST_NAMED = 3;

    /// Whom it harms when a loop does not work.
    public sealed interface Reach {
        /// All of the process: it is not ready then.
        record Process() implements Reach {}

        /// One pod; the process is fine.
        ///
        /// @param kind of the loop; those of all pods share one line
        record OfPod(String kind) implements Reach {}
    }

    /// What can be said of a loop.
    public sealed interface State {
        /// It works, or has failed for a moment only.
        record Fine() implements State {}

        /// Every pass failed since then.
        record Failing(Instant since) implements State {}

        /// The pass that was due, or began, then has not ended within its limit.
        record Stalled(Instant since) implements State {}

        /// Its thread is gone, though nobody closed it: the JVM itself failed.
        record Ended() implements State {}
    }

    public boolean fine() {
        return state instanceof State.Fine;
    }

    /// Whether the process as a whole does not do its work. What ends a loop is a failure of the
    /// JVM itself, whosever loop it was.
    public boolean harmsProcess() {
        return !fine() && (reach instanceof Reach.Process || state instanceof State.Ended);
    }

    /// One line for each loop of the process, `[+]NAME ok` or `[-]NAME failed: …`, and one for all
    /// loops of pods that are of one kind, `[+]KIND ok, NUMBER` or `[!]KIND failed for NUMBER of
    /// NUMBER: NAME …`, which names the first few. Sorted.
    public static List<String> lines(Collection<LoopHealth> loops) {
        var lines = new TreeMap<String, List<String>>();
        var kinds = new TreeMap<String, List<LoopHealth>>();
        for (var loop : loops) {
            switch (loop.reach()) {
                case Reach.Process() -> add(lines, loop.name(), loop.line());
                case Reach.OfPod(String kind) ->
                        kinds.computeIfAbsent(kind, _ -> new ArrayList<>()).add(loop);
            }
        }
        kinds.forEach((kind, members) -> add(lines, kind, line(kind, members)));
        return lines.values().stream().flatMap(List::stream).toList();
    }

    private static void add(Map<String, List<String>> lines, String name, String line) {
        lines.computeIfAbsent(name, _ -> new ArrayList<>()).add(line);
    }

    private static String line(String kind, List<LoopHealth> members) {
        var unwell = members.stream().filter(loop -> !loop.fine()).toList();
        if (unwell.isEmpty()) {
            return "[+]%s ok, %d".formatted(kind, members.size());
        }
        var named =
                unwell.stream()
                        .sorted(Comparator.comparing(LoopHealth::name))
                        .limit(MOST_NAMED)
                        .map(loop -> loop.name() + loop.condition())
                        .collect(Collectors.joining("; "));
        var harm = unwell.stream().anyMatch(LoopHealth::harmsProcess);
        return "%s%s failed for %d of %d: %s%s"
                .formatted(
                        harm ? "[-]" : "[!]",
                        kind,
                        unwell.size(),
                        members.size(),
                        named,
                        unwell.size() > MOST_NAMED ? "; …" : "");
    }

    String line() {
        return (fine() ? "[+]" : "[-]") + name + condition();
    }

    private String condition() {
        return switch (state) {
            case State.Fine() -> " ok";
            case State.Failing(Instant since) ->
                    " failed: %s, %d times since %s".formatted(lastError, failures, since);
            case State.Stalled(Instant since) ->
                    " failed: stalled, no pass has ended since " + since;
            case State.Ended() -> " failed: ended by " + lastError;
        };
    }
}
