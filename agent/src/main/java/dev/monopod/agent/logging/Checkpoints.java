package dev.monopod.agent.logging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// How far one output has got in each log of a pod, in a file that a kill leaves whole. A file that
/// says nothing sensible counts as none: lines are sent twice then, and none is lost. Of one
/// thread.
final class Checkpoints {
    private static final Pattern LINE =
            Pattern.compile("([a-z0-9-]{1,63}) ([0-9]{1,9}) ([0-9]{1,18})");

    private final Path file;
    private final Map<Source, Long> places = new TreeMap<>();

    /// One attempt of a container.
    record Source(String container, int attempt) implements Comparable<Source> {
        @Override
        public int compareTo(Source other) {
            var byName = container.compareTo(other.container);
            return byName != 0 ? byName : Integer.compare(attempt, other.attempt);
        }
    }

    private Checkpoints(Path file) {
        this.file = file;
    }

    static Checkpoints open(Path file) throws IOException {
        var checkpoints = new Checkpoints(file);
        if (Files.exists(file)) {
            for (var line : Files.readAllLines(file)) {
                var matcher = LINE.matcher(line);
                if (matcher.matches()) {
                    checkpoints.places.put(
                            new Source(matcher.group(1), Integer.parseInt(matcher.group(2))),
                            Long.parseLong(matcher.group(3)));
                }
            }
        }
        return checkpoints;
    }

    /// Where in the guest's stream the next line begins.
    long of(Source source) {
        return places.getOrDefault(source, 0L);
    }

    /// The output has all before that place.
    void put(Source source, long place) throws IOException {
        places.put(source, place);
        write();
    }

    /// Logs that are there no more are forgotten. Returns what was known of them.
    Map<Source, Long> keep(List<Source> there) throws IOException {
        var gone = new TreeMap<>(places);
        there.forEach(gone::remove);
        if (!gone.isEmpty()) {
            places.keySet().removeAll(gone.keySet());
            write();
        }
        return gone;
    }

    private void write() throws IOException {
        var lines = new ArrayList<String>();
        places.forEach((source, place) ->
                lines.add("%s %d %d".formatted(source.container(), source.attempt(), place)));
        var draft = file.resolveSibling(file.getFileName() + ".new");
        Files.write(draft, lines);
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
