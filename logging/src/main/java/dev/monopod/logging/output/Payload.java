package dev.monopod.logging.output;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.record.Json;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;

/// What a stream gets of a record. Source: Fluent Bit's manual, "Amazon Kinesis Data Firehose"; the
/// READMEs of Amazon's plugins in Go for Firehose and Kinesis.
///
/// @param dataKeys which keys of the record; empty: all
/// @param logKey whose value is sent alone
/// @param newline follows each record
public record Payload(
        Optional<TimeKey> timeKey,
        List<String> dataKeys,
        Optional<String> logKey,
        boolean newline,
        Compression compression) {
    /// Adds the record's time.
    ///
    /// @param format as of `strftime`
    /// @param fractions specifiers for fractions of a second
    record TimeKey(String key, String format, Map<String, String> fractions) {
        TimeKey {
            fractions = Map.copyOf(fractions);
        }
    }

    /// Of each record by itself.
    enum Compression {
        NONE,
        GZIP,
        ZLIB;

        byte[] of(byte[] bytes) {
            if (this == NONE) {
                return bytes;
            }
            var all = new ByteArrayOutputStream();
            try (OutputStream stream =
                    this == GZIP ? new GZIPOutputStream(all) : new DeflaterOutputStream(all)) {
                stream.write(bytes);
            } catch (IOException e) {
                throw new UncheckedIOException("memory failed", e);
            }
            return all.toByteArray();
        }
    }

    public Payload {
        dataKeys = List.copyOf(dataKeys);
    }

    /// @param go the section is of one of Amazon's plugins in Go
    static Payload read(Parameters parameters, boolean go) {
        var fractions = go ? TimeText.GO : TimeText.CORE;
        var format = parameters.text("time_key_format", TimeText.DEFAULT);
        for (var pair : parameters.pairs("time_key_format")) {
            TimeText.strange(format, fractions).stream()
                    .findFirst()
                    .ifPresent(field ->
                            parameters.wrong(pair, "no time is written by '%" + field + "' here"));
        }
        return new Payload(
                parameters.text("time_key").map(key -> new TimeKey(key, format, fractions)),
                go ? keys(parameters.text("data_keys", "")) : List.of(),
                parameters.text("log_key"),
                !parameters.plugin().equals("kinesis") || parameters.flag("append_newline", false),
                switch (parameters.plugin()) {
                    case "kinesis_firehose" -> compression(parameters, Compression.GZIP);
                    case "kinesis" -> compression(parameters, Compression.ZLIB);
                    default -> Compression.NONE;
                });
    }

    private static List<String> keys(String list) {
        return Arrays.stream(list.split(","))
                .map(String::strip)
                .filter(key -> !key.isEmpty())
                .toList();
    }

    private static Compression compression(Parameters parameters, Compression served) {
        var name = served.name().toLowerCase(Locale.ROOT);
        parameters.unless("compression", "none", "", name);
        return parameters.text("compression", "").equalsIgnoreCase(name)
                ? served
                : Compression.NONE;
    }

    /// Empty for a record that has nothing of what is sent.
    public Optional<byte[]> of(LogRecord record) {
        var body = chosen(timed(record));
        var text =
                logKey.isEmpty()
                        ? Optional.of(Json.write(body))
                        : body.find(logKey.get()).map(Value::asText);
        return text.filter(one -> !one.isEmpty() && !one.equals("{}"))
                .map(one ->
                        compression.of(
                                (newline ? one + "\n" : one).getBytes(StandardCharsets.UTF_8)));
    }

    /// The record's body with its time.
    Value.Table timed(LogRecord record) {
        if (timeKey.isEmpty()) {
            return record.body();
        }
        var time = timeKey.get();
        var entries = record.body().copy();
        entries.put(
                time.key(),
                new Value.Text(TimeText.of(record.time(), time.format(), time.fractions())));
        return new Value.Table(entries);
    }

    private Value.Table chosen(Value.Table body) {
        if (dataKeys.isEmpty()) {
            return body;
        }
        var entries = new LinkedHashMap<String, Value>();
        body.entries()
                .forEach((key, value) -> {
                    if (dataKeys.contains(key)) {
                        entries.put(key, value);
                    }
                });
        return new Value.Table(entries);
    }
}
