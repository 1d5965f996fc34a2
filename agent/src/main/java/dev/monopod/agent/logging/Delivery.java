package dev.monopod.agent.logging;

import dev.monopod.agent.logging.Checkpoints.Source;
import dev.monopod.agent.pod.log.LogSlices;
import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.logging.filter.PodMetadata;
import dev.monopod.logging.output.Output;
import dev.monopod.logging.plan.Pipeline;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import dev.monopod.model.loop.Loop;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Brings the log of one pod to one output: a batch of each container in turn, and the checkpoint
/// after the sink has taken it. A sink that fails ends the pass, and the batch is read again at the
/// next one; only what a sink left of a batch of which it took a part is kept in memory. Of its
/// loop's thread.
final class Delivery {
    /// A batch of one pod.
    private static final LogSlices.Bounds BATCH = new LogSlices.Bounds(256 << 10, 1000);

    private final PodLogs logs;
    private final Output output;
    private final Pipeline pipeline;
    private final Sinks.Shared sink;
    private final Current current;
    private final Checkpoints checkpoints;
    private final Losses losses;
    private final InstantSource clock;
    private final Map<Source, Long> seen = new HashMap<>();
    private Optional<Rest> rest = Optional.empty();

    /// What a sink left of a batch.
    ///
    /// @param end where the batch ends
    private record Rest(Source source, long end, List<LogRecord> records) {}

    /// The route of one pod.
    record Way(Output output, Pipeline pipeline, Sinks.Shared sink, Current current) {}

    /// The container that filter `kubernetes` is asked about. Of the loop's thread.
    static final class Current {
        private String id = "";
        private Optional<PodMetadata> metadata = Optional.empty();

        Optional<PodMetadata> of(String container) {
            return container.equals(id) ? metadata : Optional.empty();
        }
    }

    Delivery(PodLogs logs, Way way, Checkpoints checkpoints, Losses losses, InstantSource clock) {
        this.logs = logs;
        this.output = way.output();
        this.pipeline = way.pipeline();
        this.sink = way.sink();
        this.current = way.current();
        this.checkpoints = checkpoints;
        this.losses = losses;
        this.clock = clock;
    }

    Output output() {
        return output;
    }

    String sinkName() {
        return sink.sink().name();
    }

    /// Sends all that is there. Returns whether that was the last there will be.
    boolean pass(Loop.Signs signs) throws IOException, InterruptedException {
        var over = logs.over();
        var more = true;
        while (more) {
            more = false;
            var sources = logs.sources();
            checkpoints.keep(sources).forEach(this::gone);
            for (var source : sources) {
                more |= step(source, signs);
            }
        }
        return over;
    }

    /// An attempt's files went before it was come to their end.
    private void gone(Source source, long place) {
        var known = seen.getOrDefault(source, place);
        seen.remove(source);
        if (known > place) {
            losses.lost(source, known - place);
        }
    }

    private boolean step(Source source, Loop.Signs signs) throws IOException, InterruptedException {
        signs.waits();
        sink.turns().acquire();
        try {
            signs.works();
            if (rest.isPresent()) {
                var left = rest.get();
                send(left.source(), left.end(), left.records(), true, signs);
            }
            var slice = logs.read(source, checkpoints.of(source), BATCH);
            seen.put(source, slice.end());
            if (slice.lines().isEmpty()) {
                return false;
            }
            if (slice.lost() > 0) {
                losses.lost(source, slice.lost());
            }
            send(source, slice.end(), records(source, slice.lines()), false, signs);
            return true;
        } finally {
            sink.turns().release();
        }
    }

    private List<LogRecord> records(Source source, List<String> lines) {
        var pod = logs.pod();
        var id = ContainerIds.of(pod.uid(), source.container(), source.attempt());
        current.id = id;
        current.metadata = Optional.of(pod.metadata(source.container()));
        var tag = pod.tag(id, source.container());
        var now = clock.instant();
        var records = new ArrayList<LogRecord>();
        for (var line : lines) {
            var record =
                    new LogRecord(
                            tag, time(line, now), Value.Table.of("log", new Value.Text(line)));
            records.addAll(pipeline.apply(record, now));
        }
        return records;
    }

    /// What the line itself says, so that a line that is read late is not thought new.
    private static Instant time(String line, Instant now) {
        var blank = line.indexOf(' ');
        try {
            return blank < 0 ? now : Instant.parse(line.substring(0, blank));
        } catch (DateTimeException e) {
            return now;
        }
    }

    /// @param partly the sink has a part of the batch already
    private void send(
            Source source, long end, List<LogRecord> records, boolean partly, Loop.Signs signs)
            throws IOException, InterruptedException {
        var left = records;
        var begun = partly;
        while (!left.isEmpty()) {
            if (begun) {
                rest = Optional.of(new Rest(source, end, left));
            }
            signs.works();
            var outcome = send(left);
            if (outcome.refused() > 0) {
                losses.refused(source, outcome.refused(), sinkName(), outcome.why());
            }
            begun |= outcome.again().size() < left.size();
            if (outcome.again().size() == left.size()) {
                throw new IOException("%s: %s".formatted(sinkName(), outcome.why()));
            }
            left = outcome.again();
        }
        rest = Optional.empty();
        checkpoints.put(source, end);
        losses.succeeded();
    }

    private Sink.Outcome send(List<LogRecord> records) throws IOException, InterruptedException {
        try {
            return sink.sink().send(records);
        } catch (IOException e) {
            // The JDK's client says nothing of a connection that was refused.
            var why = e.getMessage() == null ? "no connection" : e.getMessage();
            throw new IOException("%s: %s".formatted(sinkName(), why), e);
        }
    }
}
