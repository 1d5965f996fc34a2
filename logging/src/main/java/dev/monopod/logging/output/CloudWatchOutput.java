package dev.monopod.logging.output;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.record.Json;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.util.Optional;

/// Outputs `cloudwatch_logs` and `cloudwatch`. Source: Fluent Bit's manual, "Amazon CloudWatch";
/// the guide's examples for the other.
///
/// @param retentionDays of groups that are made; empty: for ever
/// @param endpoint a URL instead of AWS' own
/// @param logKey whose value is sent alone
public record CloudWatchOutput(
        String region,
        String group,
        StreamName stream,
        boolean makesGroup,
        Optional<Integer> retentionDays,
        Optional<String> endpoint,
        Optional<AssumedRole> role,
        Optional<String> logKey)
        implements Output {
    /// The name of a stream.
    public sealed interface StreamName {
        record Fixed(String name) implements StreamName {}

        /// The record's tag follows.
        record Prefix(String prefix) implements StreamName {}
    }

    static CloudWatchOutput read(Parameters parameters) {
        parameters.ignore(
                "auto_retry_requests",
                "Retry_Limit",
                "Workers",
                "extra_user_agent",
                "net.keepalive",
                "auto_create_stream",
                "metric_namespace");
        parameters.unless("log_format", "json");
        parameters.unless("credentials_endpoint", "");
        for (var key : new String[] {"log_group_name", "log_stream_name", "log_stream_prefix"}) {
            parameters.pairs(key).stream()
                    .filter(pair -> pair.value().contains("$("))
                    .forEach(pair -> parameters.wrong(pair, "names have no templates here"));
        }
        var region = needed(parameters, "region");
        var group = needed(parameters, "log_group_name");
        var name = parameters.text("log_stream_name");
        var prefix = parameters.text("log_stream_prefix");
        if (name.isPresent() == prefix.isPresent()) {
            parameters.wrong(
                    "%s needs log_stream_name or log_stream_prefix".formatted(parameters.plugin()),
                    "write one of them");
        }
        var days = parameters.number("log_retention_days", 0);
        return new CloudWatchOutput(
                region,
                group,
                name.<StreamName>map(StreamName.Fixed::new)
                        .orElseGet(() -> new StreamName.Prefix(prefix.orElse(""))),
                parameters.flag("auto_create_group", false),
                days == 0 ? Optional.empty() : Optional.of(days),
                parameters.text("endpoint"),
                AssumedRole.read(parameters),
                parameters.text("log_key"));
    }

    private static String needed(Parameters parameters, String key) {
        var text = parameters.text(key, "");
        if (text.isEmpty()) {
            parameters.wrong("%s has no %s".formatted(parameters.plugin(), key), "it needs one");
        }
        return text;
    }

    /// The stream of a record; signs that no name may have become `_`.
    public String streamOf(LogRecord record) {
        var name =
                switch (stream) {
                    case StreamName.Fixed(String fixed) -> fixed;
                    case StreamName.Prefix(String prefix) -> prefix + record.tag();
                };
        var allowed = name.replaceAll("[:*]", "_");
        return allowed.length() <= 512 ? allowed : allowed.substring(0, 512);
    }

    /// The text of a record's event; empty for a record without the key that is sent.
    public Optional<String> message(LogRecord record) {
        return logKey.isEmpty()
                ? Optional.of(Json.write(record.body()))
                : record.body().find(logKey.get()).map(Value::asText);
    }
}
