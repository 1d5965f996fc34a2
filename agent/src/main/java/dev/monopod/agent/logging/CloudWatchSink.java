package dev.monopod.agent.logging;

import dev.monopod.logging.output.CloudWatchOutput;
import dev.monopod.logging.record.LogRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.cloudwatchlogs.model.InputLogEvent;
import software.amazon.awssdk.services.cloudwatchlogs.model.RejectedLogEventsInfo;
import software.amazon.awssdk.services.cloudwatchlogs.model.ResourceAlreadyExistsException;
import software.amazon.awssdk.services.cloudwatchlogs.model.ResourceNotFoundException;

/// CloudWatch Logs.
final class CloudWatchSink implements Sink {
    /// Limits of PutLogEvents.
    private static final int BATCH_BYTES = 1_048_576;

    private static final int EVENT_OVERHEAD_BYTES = 26;
    private static final int EVENT_BYTES = 262_144 - EVENT_OVERHEAD_BYTES;
    private static final int BATCH_EVENTS = 10_000;
    private static final long BATCH_MILLIS = Duration.ofHours(24).toMillis();

    private static final Duration ANSWER = Duration.ofSeconds(20);

    private final CloudWatchOutput output;
    private final LogCredentials credentials;
    private final CloudWatchLogsClient client;
    private final Set<String> streams = ConcurrentHashMap.newKeySet();

    /// One call's worth. Filled and sent before the next one is begun: with all that filter
    /// `kubernetes` tells of a pod a record may be thousands of times as long as its line.
    private static final class Batch {
        private final List<LogRecord> records = new ArrayList<>();
        private final List<InputLogEvent> events = new ArrayList<>();
        private long bytes;

        /// Whether one more of that size and time still fits; the first one does.
        boolean takes(long size, long millis) {
            return events.isEmpty()
                    || bytes + size <= BATCH_BYTES
                            && events.size() < BATCH_EVENTS
                            && millis - events.getFirst().timestamp() < BATCH_MILLIS;
        }

        void add(LogRecord record, InputLogEvent event, long size) {
            records.add(record);
            events.add(event);
            bytes += size;
        }
    }

    /// What became of the records of one call of [#send].
    private final class Tally {
        private final long begun = System.nanoTime();
        private final List<LogRecord> again = new ArrayList<>();
        private int refused;
        private String why = "";

        /// Nothing is sent any more when the time of one answer has passed.
        void send(String stream, Batch batch) {
            if (System.nanoTime() - begun > ANSWER.toNanos()) {
                again.addAll(batch.records);
                return;
            }
            try {
                var rejected = put(stream, batch.events);
                refused += rejected;
                why = rejected > 0 && why.isEmpty() ? "events were too old or too new" : why;
            } catch (SdkException e) {
                again.addAll(batch.records);
                why = why.isEmpty() ? reason(e) : why;
            }
        }
    }

    CloudWatchSink(CloudWatchOutput output) {
        this.output = output;
        this.credentials = LogCredentials.of(output.region(), output.role());
        this.client =
                LogCredentials.client(
                        CloudWatchLogsClient.builder(),
                        output.region(),
                        output.endpoint(),
                        credentials);
    }

    @Override
    public String name() {
        return "CloudWatch Logs group %s in %s".formatted(output.group(), output.region());
    }

    @Override
    public Outcome send(List<LogRecord> records) throws IOException {
        var byStream = new LinkedHashMap<String, List<LogRecord>>();
        records.forEach(record ->
                byStream.computeIfAbsent(output.streamOf(record), _ -> new ArrayList<>())
                        .add(record));
        var tally = new Tally();
        byStream.forEach((stream, its) -> send(tally, stream, its));
        if (!tally.again.isEmpty() && tally.again.size() == records.size()) {
            throw new IOException(tally.why);
        }
        return new Outcome(tally.again, tally.refused, tally.why);
    }

    /// In the order of their times, within the limits of a call. A message that is too long is cut.
    private void send(Tally tally, String stream, List<LogRecord> records) {
        var batch = new Batch();
        for (var record : records.stream().sorted(Comparator.comparing(LogRecord::time)).toList()) {
            var text = output.message(record).orElse("");
            if (text.isEmpty()) {
                continue;
            }
            var message = cut(text);
            var size = message.getBytes(StandardCharsets.UTF_8).length + EVENT_OVERHEAD_BYTES;
            var millis = record.time().toEpochMilli();
            if (!batch.takes(size, millis)) {
                tally.send(stream, batch);
                batch = new Batch();
            }
            batch.add(
                    record,
                    InputLogEvent.builder().timestamp(millis).message(message).build(),
                    size);
        }
        if (!batch.events.isEmpty()) {
            tally.send(stream, batch);
        }
    }

    private static String reason(SdkException e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private static String cut(String text) {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= EVENT_BYTES) {
            return text;
        }
        var end = EVENT_BYTES;
        while ((bytes[end] & 0xC0) == 0x80) {
            end--;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }

    /// Returns how many events were rejected for good.
    private int put(String stream, List<InputLogEvent> events) {
        if (streams.add(stream)) {
            try {
                make(stream);
            } catch (SdkException e) {
                streams.remove(stream);
                throw e;
            }
        }
        try {
            var answer =
                    client.putLogEvents(call ->
                            call.logGroupName(output.group())
                                    .logStreamName(stream)
                                    .logEvents(events));
            var info = answer.rejectedLogEventsInfo();
            return info == null ? 0 : rejected(info, events.size());
        } catch (ResourceNotFoundException e) {
            // Somebody deleted it: it is made again at the next try.
            streams.remove(stream);
            throw e;
        }
    }

    private static int rejected(RejectedLogEventsInfo info, int events) {
        var old =
                Math.max(
                        info.tooOldLogEventEndIndex() == null ? 0 : info.tooOldLogEventEndIndex(),
                        info.expiredLogEventEndIndex() == null
                                ? 0
                                : info.expiredLogEventEndIndex());
        var young =
                info.tooNewLogEventStartIndex() == null
                        ? 0
                        : events - info.tooNewLogEventStartIndex();
        return old + young;
    }

    private void make(String stream) {
        try {
            makeStream(stream);
        } catch (ResourceNotFoundException e) {
            if (!output.makesGroup()) {
                throw e;
            }
            makeGroup();
            makeStream(stream);
        }
    }

    private void makeStream(String stream) {
        try {
            client.createLogStream(call -> call.logGroupName(output.group()).logStreamName(stream));
        } catch (ResourceAlreadyExistsException e) {
            // Another pod, or an earlier life of the agent, has made it.
            return;
        }
    }

    private void makeGroup() {
        try {
            client.createLogGroup(call -> call.logGroupName(output.group()));
        } catch (ResourceAlreadyExistsException e) {
            return;
        }
        output.retentionDays()
                .ifPresent(days ->
                        client.putRetentionPolicy(
                                call -> call.logGroupName(output.group()).retentionInDays(days)));
    }

    @Override
    public void close() {
        client.close();
        credentials.close();
    }
}
