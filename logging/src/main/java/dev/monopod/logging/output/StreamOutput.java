package dev.monopod.logging.output;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.util.List;
import java.util.Optional;

/// Outputs `kinesis_firehose` (Fluent Bit's own), `firehose` and `kinesis` (Amazon's, in Go).
/// Source: Fluent Bit's manual, "Amazon Kinesis Data Firehose"; the READMEs of Amazon's plugins.
///
/// @param name of the stream
/// @param endpoint a URL instead of AWS' own
/// @param partitionKey the keys to the value by which Kinesis chooses a shard; empty: by chance
public record StreamOutput(
        Service service,
        String region,
        String name,
        Optional<String> endpoint,
        Optional<AssumedRole> role,
        Payload payload,
        List<String> partitionKey)
        implements Output {
    private static final int LONGEST_PARTITION_KEY = 256;

    /// Whose stream it is.
    public enum Service {
        FIREHOSE,
        KINESIS
    }

    public StreamOutput {
        partitionKey = List.copyOf(partitionKey);
    }

    static StreamOutput read(Parameters parameters) {
        parameters.ignore("Retry_Limit", "Workers", "net.keepalive");
        var kinesis = parameters.plugin().equals("kinesis");
        var go = !parameters.plugin().equals("kinesis_firehose");
        if (kinesis) {
            // Lines of a pod are sent one batch after the other here.
            parameters.ignore("experimental_concurrency", "experimental_concurrency_retries");
            parameters.unless("aggregation", "false", "off");
        }
        if (!go) {
            parameters.ignore("auto_retry_requests");
            parameters.unless("simple_aggregation", "false", "off");
        }
        return new StreamOutput(
                kinesis ? Service.KINESIS : Service.FIREHOSE,
                needed(parameters, "region"),
                needed(parameters, kinesis ? "stream" : "delivery_stream"),
                parameters.text("endpoint"),
                AssumedRole.read(parameters),
                Payload.read(parameters, go),
                kinesis ? path(parameters.text("partition_key", "")) : List.of());
    }

    private static List<String> path(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split("->"));
    }

    private static String needed(Parameters parameters, String key) {
        var text = parameters.text(key, "");
        if (text.isEmpty()) {
            parameters.wrong("%s has no %s".formatted(parameters.plugin(), key), "it needs one");
        }
        return text;
    }

    /// What stands at the partition key, cut to what Kinesis takes; empty if the record has no text
    /// there.
    public Optional<String> partitionOf(LogRecord record) {
        if (partitionKey.isEmpty()) {
            return Optional.empty();
        }
        Optional<Value> found = Optional.of(payload.timed(record));
        for (var key : partitionKey) {
            found =
                    found.flatMap(value ->
                            value instanceof Value.Table table
                                    ? table.find(key)
                                    : Optional.empty());
        }
        return found.filter(value -> value instanceof Value.Text(String text) && !text.isEmpty())
                .map(Value::asText)
                .map(text ->
                        text.length() <= LONGEST_PARTITION_KEY
                                ? text
                                : text.substring(0, LONGEST_PARTITION_KEY));
    }
}
