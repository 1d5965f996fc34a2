package dev.monopod.logging.output;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.record.Accessor;
import dev.monopod.logging.record.Json;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.regex.Pattern;

/// Output `opentelemetry`: logs by OTLP over HTTP, as JSON. Source: Fluent Bit's manual,
/// "OpenTelemetry"; the OpenTelemetry protocol 1.x, "JSON Protobuf Encoding"; its semantic
/// conventions for Kubernetes, by which a resource is told whose pod filter `kubernetes` has found.
///
/// @param bodyKey whose value is the body; empty: the whole record
/// @param attributes what the body does not have are the record's attributes
/// @param keys where a record says what OTLP has a field for
public record OtlpOutput(
        Endpoint endpoint,
        Optional<Accessor> bodyKey,
        boolean attributes,
        Map<Field, Accessor> keys)
        implements HttpOutput {
    private static final Pattern TRACE = Pattern.compile("[0-9a-fA-F]{32}");
    private static final Pattern SPAN = Pattern.compile("[0-9a-fA-F]{16}");
    private static final int HIGHEST_SEVERITY = 24;

    /// Names of filter `kubernetes`, and OpenTelemetry's.
    private static final Map<String, String> RESOURCE =
            Map.of(
                    "namespace_name", "k8s.namespace.name",
                    "pod_name", "k8s.pod.name",
                    "pod_id", "k8s.pod.uid",
                    "container_name", "k8s.container.name",
                    "host", "k8s.node.name");

    /// Of a log record.
    enum Field {
        SEVERITY_TEXT("logs_severity_text_message_key", "$SeverityText"),
        SEVERITY_NUMBER("logs_severity_number_message_key", "$SeverityNumber"),
        TRACE_ID("logs_trace_id_message_key", "$TraceId"),
        SPAN_ID("logs_span_id_message_key", "$SpanId");

        private final String parameter;
        private final String otherwise;

        Field(String parameter, String otherwise) {
            this.parameter = parameter;
            this.otherwise = otherwise;
        }
    }

    public OtlpOutput {
        keys = Map.copyOf(keys);
    }

    static OtlpOutput read(Parameters parameters) {
        // Only logs are sent.
        parameters.ignore(
                "metrics_uri",
                "traces_uri",
                "profiles_uri",
                "add_label",
                "log_response_payload",
                "batch_size",
                "http2");
        parameters.unless("grpc", "off", "false", "no");
        parameters.unless("aws_auth", "off", "false", "no");
        parameters.unless("oauth2.enable", "off", "false", "no");
        var keys = new LinkedHashMap<Field, Accessor>();
        for (var field : Field.values()) {
            parameters
                    .accessor(field.parameter)
                    .or(() -> Accessor.of(field.otherwise))
                    .ifPresent(accessor -> keys.put(field, accessor));
        }
        return new OtlpOutput(
                Endpoint.read(parameters, 80, parameters.text("logs_uri", "/v1/logs"), Map.of()),
                parameters.accessor("logs_body_key"),
                parameters.flag("logs_body_key_attributes", false),
                keys);
    }

    @Override
    public Piece piece(LogRecord record) {
        var entries = new LinkedHashMap<String, Value>();
        entries.put("timeUnixNano", new Value.Text(HttpOutput.nanos(record)));
        field(record, Field.SEVERITY_NUMBER)
                .flatMap(OtlpOutput::severity)
                .ifPresent(number -> entries.put("severityNumber", new Value.Whole(number)));
        field(record, Field.SEVERITY_TEXT)
                .ifPresent(value -> entries.put("severityText", new Value.Text(value.asText())));
        var body = bodyKey.flatMap(accessor -> accessor.find(record.body()));
        entries.put("body", any(body.orElse(record.body())));
        if (attributes && body.isPresent()) {
            var left = record.body().copy();
            bodyKey.flatMap(Accessor::onlyKey).ifPresent(left::remove);
            entries.put("attributes", pairs(left));
        }
        id(record, Field.TRACE_ID, TRACE).ifPresent(id -> entries.put("traceId", id));
        id(record, Field.SPAN_ID, SPAN).ifPresent(id -> entries.put("spanId", id));
        return new Piece(Json.write(resource(record)), Json.write(new Value.Table(entries)));
    }

    private Optional<Value> field(LogRecord record, Field field) {
        return Optional.ofNullable(keys.get(field))
                .flatMap(accessor -> accessor.find(record.body()))
                .filter(value -> !(value instanceof Value.Table || value instanceof Value.Items));
    }

    private Optional<Value> id(LogRecord record, Field field, Pattern form) {
        return field(record, field)
                .map(Value::asText)
                .filter(text -> form.matcher(text).matches())
                .map(Value.Text::new);
    }

    private static Optional<Long> severity(Value value) {
        return value.asText().matches("[0-9]{1,2}")
                ? Optional.of(Long.parseLong(value.asText()))
                        .filter(number -> number >= 1 && number <= HIGHEST_SEVERITY)
                : Optional.empty();
    }

    private static Value resource(LogRecord record) {
        var found = new LinkedHashMap<String, Value>();
        if (record.body().find("kubernetes").orElse(null) instanceof Value.Table(var entries)) {
            entries.forEach((key, value) -> {
                var name = RESOURCE.get(key);
                if (name != null && value instanceof Value.Text) {
                    found.put(name, value);
                }
            });
        }
        return Value.Table.of("attributes", pairs(found));
    }

    private static Value pairs(Map<String, Value> entries) {
        var pairs = new ArrayList<Value>();
        entries.forEach((key, value) -> {
            var pair = new LinkedHashMap<String, Value>();
            pair.put("key", new Value.Text(key));
            pair.put("value", any(value));
            pairs.add(new Value.Table(pair));
        });
        return new Value.Items(pairs);
    }

    /// Whole numbers of 64 bits are texts in the JSON of protocol buffers.
    private static Value any(Value value) {
        return switch (value) {
            case Value.Text text -> Value.Table.of("stringValue", text);
            case Value.Whole(long number) ->
                    Value.Table.of("intValue", new Value.Text(Long.toString(number)));
            case Value.Real(double number) ->
                    Double.isFinite(number)
                            ? Value.Table.of("doubleValue", value)
                            : Value.Table.of("doubleValue", new Value.Text(notFinite(number)));
            case Value.Truth truth -> Value.Table.of("boolValue", truth);
            case Value.Nothing() -> Value.Table.EMPTY;
            case Value.Items(var values) ->
                    Value.Table.of(
                            "arrayValue",
                            Value.Table.of(
                                    "values",
                                    new Value.Items(
                                            values.stream().map(OtlpOutput::any).toList())));
            case Value.Table(var entries) ->
                    Value.Table.of("kvlistValue", Value.Table.of("values", pairs(entries)));
        };
    }

    private static String notFinite(double number) {
        return Double.isNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
    }

    @Override
    public String body(SequencedMap<String, List<String>> pieces) {
        var resources = new ArrayList<String>();
        pieces.forEach((resource, records) ->
                resources.add(
                        "{\"resource\":%s,\"scopeLogs\":[{\"scope\":{},\"logRecords\":[%s]}]}"
                                .formatted(resource, String.join(",", records))));
        return "{\"resourceLogs\":[%s]}".formatted(String.join(",", resources));
    }

    /// `{"partialSuccess": {"rejectedLogRecords": "3", "errorMessage": "…"}}`.
    @Override
    public Refusal refusal(String answer) {
        if (Json.table(answer).flatMap(table -> table.find("partialSuccess")).orElse(null)
                instanceof Value.Table partial) {
            var count = partial.find("rejectedLogRecords").map(Value::asText).orElse("0");
            if (count.matches("[0-9]{1,9}") && Integer.parseInt(count) > 0) {
                var why = partial.find("errorMessage").map(Value::asText).orElse("");
                return new Refusal(Integer.parseInt(count), why);
            }
        }
        return Refusal.NONE;
    }
}
