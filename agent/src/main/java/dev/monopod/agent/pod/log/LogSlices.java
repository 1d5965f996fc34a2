package dev.monopod.agent.pod.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Whole lines of an attempt's log from a place in the guest's stream on, whichever file has them,
/// while its writer goes on and rotates. A place stays true over rotations and restarts.
public final class LogSlices {
    private static final Pattern FILE = Pattern.compile("([0-9]{1,9})\\.log(?:\\.[0-9]{20})?");
    private static final int TRIES = 20;

    private LogSlices() {}

    /// @param lines without their ends; empty: there are no more yet
    /// @param lost bytes between the place that was asked for and the first line, which are gone
    /// @param end the place behind the last line
    public record Slice(List<String> lines, long lost, long end) {
        public Slice {
            lines = List.copyOf(lines);
        }
    }

    /// How much is read at once.
    public record Bounds(int bytes, int lines) {}

    /// A file, and where in the guest's stream it begins.
    private record Part(Path file, long begin, long size) {
        long end() {
            return begin + size;
        }
    }

    /// The attempts of a container that have a log, oldest first.
    public static List<Integer> attempts(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (var files = Files.list(directory)) {
            return files.map(file -> FILE.matcher(file.getFileName().toString()))
                    .filter(name -> name.matches())
                    .map(name -> Integer.parseInt(name.group(1)))
                    .distinct()
                    .sorted()
                    .toList();
        }
    }

    /// @param over nothing is written any more: a last line without an end counts
    public static Slice read(Path directory, int attempt, long offset, Bounds bounds, boolean over)
            throws IOException {
        for (var i = 0; i < TRIES; i++) {
            var slice = tryRead(directory, attempt, offset, bounds, over);
            if (slice.isPresent()) {
                return slice.get();
            }
            // Rotated meanwhile, so that a name may mean another file than it did.
        }
        throw new IOException("the log in " + directory + " rotates faster than it can be read");
    }

    private static Optional<Slice> tryRead(
            Path directory, int attempt, long offset, Bounds bounds, boolean over)
            throws IOException {
        var names = LogFile.rotated(directory, attempt);
        var base = base(directory, attempt);
        try {
            for (var name : names) {
                var text = name.getFileName().toString();
                var begin = Long.parseLong(text.substring(text.lastIndexOf('.') + 1));
                var part = new Part(name, begin, Files.size(name));
                if (part.end() > offset) {
                    return Optional.of(read(part, offset, bounds, true));
                }
            }
            var current = LogFile.current(directory, attempt);
            if (!Files.exists(current)) {
                return Optional.of(new Slice(List.of(), 0, offset));
            }
            var slice = read(new Part(current, base, Files.size(current)), offset, bounds, over);
            return names.equals(LogFile.rotated(directory, attempt))
                            && base == base(directory, attempt)
                    ? Optional.of(slice)
                    : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private static long base(Path directory, int attempt) throws IOException {
        try {
            var text = Files.readString(directory.resolve(attempt + ".base")).strip();
            return text.isEmpty() ? 0 : Long.parseLong(text);
        } catch (NoSuchFileException | NumberFormatException e) {
            return 0;
        }
    }

    /// @param whole the file grows no more
    private static Slice read(Part part, long offset, Bounds bounds, boolean whole)
            throws IOException {
        var from = Math.max(offset, part.begin());
        var lost = from - offset;
        var wanted = Math.clamp(part.end() - from, 0, bounds.bytes());
        var buffer = ByteBuffer.allocate(wanted);
        try (var channel = FileChannel.open(part.file(), StandardOpenOption.READ)) {
            channel.position(from - part.begin());
            while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
                continue;
            }
        }
        var bytes = buffer.array();
        var count = buffer.position();
        var lines = new ArrayList<String>();
        var start = 0;
        for (var at = 0; at < count && lines.size() < bounds.lines(); at++) {
            if (bytes[at] == '\n') {
                lines.add(new String(bytes, start, at - start, StandardCharsets.UTF_8));
                start = at + 1;
            }
        }
        // A line that fills all that is read at once, or that nobody ends.
        if (lines.isEmpty() && count > 0 && (count == bounds.bytes() || whole)) {
            lines.add(new String(bytes, 0, count, StandardCharsets.UTF_8));
            start = count;
        }
        return new Slice(lines, lost, from + start);
    }
}
