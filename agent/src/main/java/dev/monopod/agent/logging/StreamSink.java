package dev.monopod.agent.logging;

import dev.monopod.logging.output.StreamOutput;
import dev.monopod.logging.record.LogRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import software.amazon.awssdk.core.exception.SdkException;

/// A stream of Firehose or Kinesis. Of a call that took a part of its records only the others are
/// left for the next, before any later record.
final class StreamSink implements Sink {
    /// No call begins later than this after the first: one may take 20 s.
    private static final Duration MOST = Duration.ofSeconds(7);

    private final StreamOutput output;
    private final StreamCall call;

    private record Waiting(LogRecord record, StreamCall.Entry entry) {}

    /// What became of the records of one call of [#send].
    private final class Tally {
        private final long begun = System.nanoTime();
        private final List<LogRecord> again = new ArrayList<>();
        private int refused;
        private String why = "";

        /// Once something is to be sent again, or the time is over, all that comes later is too.
        void put(List<Waiting> batch) {
            if (batch.isEmpty()) {
                return;
            }
            if (!again.isEmpty() || late()) {
                leave(batch);
                return;
            }
            try {
                leave(refused(batch, call.put(batch.stream().map(Waiting::entry).toList())));
            } catch (SdkException e) {
                note(e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
                leave(batch);
            }
        }

        private boolean late() {
            return System.nanoTime() - begun > MOST.toNanos();
        }

        private void leave(List<Waiting> batch) {
            batch.forEach(one -> again.add(one.record()));
        }

        /// An answer that is shorter than the call says nothing of the rest.
        private List<Waiting> refused(List<Waiting> batch, List<Optional<String>> errors) {
            var left = new ArrayList<Waiting>();
            for (var i = 0; i < batch.size(); i++) {
                var error = i < errors.size() ? errors.get(i) : Optional.of("no answer to it");
                if (error.isPresent()) {
                    note(error.get());
                    left.add(batch.get(i));
                }
            }
            return left;
        }

        private void note(String reason) {
            why = why.isEmpty() ? reason : why;
        }
    }

    StreamSink(StreamOutput output, StreamCall call) {
        this.output = output;
        this.call = call;
    }

    @Override
    public String name() {
        return "%s %s in %s"
                .formatted(
                        switch (output.service()) {
                            case FIREHOSE -> "Firehose stream";
                            case KINESIS -> "Kinesis stream";
                        },
                        output.name(),
                        output.region());
    }

    @Override
    public Outcome send(List<LogRecord> records) throws IOException {
        var bounds = call.bounds();
        var tally = new Tally();
        var batch = new ArrayList<Waiting>();
        var bytes = 0;
        for (var record : records) {
            var data = output.payload().of(record);
            if (data.isEmpty()) {
                continue;
            }
            var partition =
                    output.partitionOf(record).orElseGet(() -> UUID.randomUUID().toString());
            var entry = new StreamCall.Entry(data.get(), partition);
            var size = call.size(entry);
            if (size > bounds.entryBytes()) {
                tally.refused++;
                tally.note(
                        "a record has %d bytes, of which it takes at most %d"
                                .formatted(size, bounds.entryBytes()));
                continue;
            }
            if (batch.size() == bounds.entries() || bytes + size > bounds.bytes()) {
                tally.put(batch);
                batch = new ArrayList<>();
                bytes = 0;
            }
            batch.add(new Waiting(record, entry));
            bytes += size;
        }
        tally.put(batch);
        if (!tally.again.isEmpty() && tally.again.size() == records.size()) {
            throw new IOException(tally.why);
        }
        return new Outcome(tally.again, tally.refused, tally.why);
    }

    @Override
    public void close() {
        call.close();
    }
}
