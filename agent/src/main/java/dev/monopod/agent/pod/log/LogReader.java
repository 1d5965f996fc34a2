package dev.monopod.agent.pod.log;

import dev.monopod.agent.kubelet.KubeletPods.LogOptions;
import dev.monopod.agent.pod.scope.Pauses;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.function.BooleanSupplier;

/// Reads an attempt's log as `kubectl logs` wants it. Plain blocking code on the caller's thread.
public final class LogReader {
    private static final Duration POLL = Duration.ofMillis(200);

    private final Path directory;
    private final int attempt;
    private final LogOptions options;
    private final OutputStream sink;
    private long left;

    /// The last record written was a part of a line.
    private boolean within;

    public LogReader(Path directory, int attempt, LogOptions options, OutputStream sink) {
        this.directory = directory;
        this.attempt = attempt;
        this.options = options;
        this.sink = sink;
        this.left = options.limitBytes() < 0 ? Long.MAX_VALUE : options.limitBytes();
    }

    /// One record of the CRI format.
    ///
    /// @param partial the line goes on in the next record
    record Line(String time, boolean error, boolean partial, byte[] content) {
        static Line parse(byte[] raw) {
            var first = indexOf(raw, 0);
            var second = first < 0 ? -1 : indexOf(raw, first + 1);
            var third = second < 0 ? -1 : indexOf(raw, second + 1);
            if (third < 0) {
                return new Line("", false, false, raw);
            }
            var time = new String(raw, 0, first, StandardCharsets.US_ASCII);
            var error = second - first == "stderr ".length() && raw[first + 4] == 'e';
            var partial = raw[second + 1] == 'P';
            var content = new byte[raw.length - third - 1];
            System.arraycopy(raw, third + 1, content, 0, content.length);
            return new Line(time, error, partial, content);
        }

        private static int indexOf(byte[] raw, int from) {
            for (var i = from; i < raw.length; i++) {
                if (raw[i] == ' ') {
                    return i;
                }
            }
            return -1;
        }
    }

    /// Writes the log to the sink; returns at its end or, when following, once `ended` holds and
    /// all is written.
    public void run(BooleanSupplier ended) throws IOException, InterruptedException {
        try (var chain = LogChain.open(directory, attempt)) {
            var most = Long.MAX_VALUE;
            if (options.tailLines() >= 0) {
                skip(chain, Math.max(0, count(chain) - options.tailLines()));
                most = options.follow() ? most : options.tailLines();
            }
            copy(chain, most);
            sink.flush();
            while (options.follow() && left > 0) {
                var last = ended.getAsBoolean();
                do {
                    copy(chain, Long.MAX_VALUE);
                } while (left > 0 && chain.grow());
                sink.flush();
                if (last) {
                    return;
                }
                Pauses.pause(POLL);
            }
        }
    }

    /// Lines that are wanted, the last one even if it is not finished; the chain stands at its
    /// first line again.
    private long count(LogChain chain) throws IOException {
        long lines = 0;
        var unfinished = false;
        for (var raw = chain.next(); raw.length > 0; raw = chain.next()) {
            var line = Line.parse(raw);
            if (wanted(line)) {
                lines += line.partial() ? 0 : 1;
                unfinished = line.partial();
            }
        }
        chain.rewind();
        return unfinished ? lines + 1 : lines;
    }

    private void skip(LogChain chain, long lines) throws IOException {
        for (long skipped = 0; skipped < lines; ) {
            var raw = chain.next();
            if (raw.length == 0) {
                return;
            }
            var line = Line.parse(raw);
            if (!line.partial() && wanted(line)) {
                skipped++;
            }
        }
    }

    private void copy(LogChain chain, long lines) throws IOException {
        for (long copied = 0; left > 0 && copied < lines; ) {
            var raw = chain.next();
            if (raw.length == 0) {
                return;
            }
            var line = Line.parse(raw);
            if (wanted(line)) {
                write(line);
                copied += line.partial() ? 0 : 1;
            }
        }
    }

    private boolean wanted(Line line) {
        return switch (options.stream()) {
                    case ALL -> true;
                    case STDOUT -> !line.error();
                    case STDERR -> line.error();
                }
                && since(line);
    }

    private boolean since(Line line) {
        if (options.since().isEmpty()) {
            return true;
        }
        try {
            return !Instant.parse(line.time()).isBefore(options.since().get());
        } catch (DateTimeParseException e) {
            return true;
        }
    }

    /// One write a record: over a WebSocket each write becomes a message, and a line is one
    /// message.
    private void write(Line line) throws IOException {
        var whole = new ByteArrayOutputStream(line.content().length + 64);
        if (options.timestamps() && !within) {
            whole.writeBytes((line.time() + " ").getBytes(StandardCharsets.US_ASCII));
        }
        within = line.partial();
        whole.writeBytes(line.content());
        if (!line.partial()) {
            whole.write('\n');
        }
        put(whole.toByteArray());
    }

    private void put(byte[] bytes) throws IOException {
        var count = (int) Math.min(left, bytes.length);
        sink.write(bytes, 0, count);
        left -= count;
    }

    /// The last lines' content, bounded, for a termination message.
    public static String lastLines(Path file, int lines, int bytes) {
        var out = new ByteArrayOutputStream();
        var options = new LogOptions(false, false, false, lines, -1, java.util.Optional.empty());
        var name = file.getFileName().toString();
        var attempt = Integer.parseInt(name.substring(0, name.indexOf('.')));
        var directory = file.toAbsolutePath().getParent();
        if (directory == null) {
            return "";
        }
        try {
            new LogReader(directory, attempt, options, out).run(() -> true);
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
        var all = out.toByteArray();
        var from = Math.max(0, all.length - bytes);
        return new String(all, from, all.length - from, StandardCharsets.UTF_8);
    }
}
