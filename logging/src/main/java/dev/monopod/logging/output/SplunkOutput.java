package dev.monopod.logging.output;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.record.Accessor;
import dev.monopod.logging.record.Json;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// Output `splunk`: Splunk's HTTP Event Collector. Source: Fluent Bit's manual, "Splunk"; Splunk's
/// manual, "Format events for HTTP Event Collector".
///
/// @param raw the record's keys stand beside the time, not below `event`
/// @param eventKey whose value is the event; empty: the record
/// @param fields of an event by name
public record SplunkOutput(
        Endpoint endpoint,
        boolean raw,
        Optional<Accessor> eventKey,
        Map<String, Field> metadata,
        Map<String, Accessor> fields)
        implements HttpOutput {
    /// What Splunk knows of an event besides.
    ///
    /// @param key goes before the text, if the record has it
    record Field(Optional<Accessor> key, Optional<String> text) {
        Optional<String> of(LogRecord record) {
            return key.flatMap(accessor -> accessor.text(record.body())).or(() -> text);
        }
    }

    public SplunkOutput {
        metadata = Map.copyOf(metadata);
        fields = new LinkedHashMap<>(fields);
    }

    static SplunkOutput read(Parameters parameters) {
        parameters.ignore("http_buffer_size", "http_debug_bad_request");
        var headers = new LinkedHashMap<String, String>();
        var token = parameters.text("splunk_token", "");
        if (Endpoint.isValue(token)) {
            headers.put("Authorization", "Splunk " + token);
        } else if (!token.isEmpty() || parameters.text("http_user").isEmpty()) {
            parameters.wrong(
                    "splunk has no Splunk_Token that can be sent",
                    "write the token of an HTTP Event Collector");
        }
        parameters
                .text("channel")
                .filter(Endpoint::isValue)
                .ifPresent(channel -> headers.put("X-Splunk-Request-Channel", channel));
        var raw = parameters.flag("splunk_send_raw", false);
        var metadata = new LinkedHashMap<String, Field>();
        metadata.put("host", new Field(parameters.accessor("event_host"), Optional.empty()));
        metadata.put("source", new Field(Optional.empty(), parameters.text("event_source")));
        for (var name : List.of("sourcetype", "index")) {
            metadata.put(
                    name,
                    new Field(
                            parameters.accessor("event_" + name + "_key"),
                            parameters.text("event_" + name)));
        }
        var fields = new LinkedHashMap<String, Accessor>();
        for (var pair : parameters.pairs("event_field")) {
            var words = Parameters.words(pair.value(), 2);
            if (words.size() == 2) {
                parameters
                        .accessor(pair, words.getLast())
                        .ifPresent(found -> fields.put(words.getFirst(), found));
            } else {
                parameters.wrong(pair, "write a name and the key of a record");
            }
        }
        return new SplunkOutput(
                Endpoint.read(
                        parameters,
                        8088,
                        raw ? "/services/collector/raw" : "/services/collector/event",
                        headers),
                raw,
                parameters.accessor("event_key"),
                metadata,
                fields);
    }

    @Override
    public Piece piece(LogRecord record) {
        var entries = new LinkedHashMap<String, Value>();
        var time = record.time();
        entries.put(
                "time", new Value.Text("%d.%09d".formatted(time.getEpochSecond(), time.getNano())));
        if (raw) {
            record.body().entries().forEach(entries::putIfAbsent);
            return new Piece("", Json.write(new Value.Table(entries)));
        }
        for (var name : List.of("host", "source", "sourcetype", "index")) {
            Optional.ofNullable(metadata.get(name))
                    .flatMap(field -> field.of(record))
                    .ifPresent(text -> entries.put(name, new Value.Text(text)));
        }
        var indexed = new LinkedHashMap<String, Value>();
        fields.forEach((name, accessor) ->
                accessor.find(record.body()).ifPresent(value -> indexed.put(name, value)));
        if (!indexed.isEmpty()) {
            entries.put("fields", new Value.Table(indexed));
        }
        entries.put(
                "event",
                eventKey.flatMap(accessor -> accessor.find(record.body())).orElse(record.body()));
        return new Piece("", Json.write(new Value.Table(entries)));
    }

    @Override
    public String body(SequencedMap<String, List<String>> pieces) {
        var body = new StringBuilder();
        pieces.values().forEach(texts -> texts.forEach(body::append));
        return body.toString();
    }
}
