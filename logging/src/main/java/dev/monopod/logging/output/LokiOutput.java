package dev.monopod.logging.output;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.config.Section;
import dev.monopod.logging.record.Accessor;
import dev.monopod.logging.record.Json;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Output `loki`: Grafana Loki, by its push API. Source: Fluent Bit's manual, "Loki"; Loki's HTTP
/// API, "Ingest logs".
///
/// @param labels of a stream, which all of its records have
/// @param kubernetesLabels the pod's labels are the stream's, too
/// @param removed keys that no line has
/// @param single what is the line of a record with one key left
public record LokiOutput(
        Endpoint endpoint,
        List<Label> labels,
        boolean kubernetesLabels,
        List<String> removed,
        Single single,
        Format format)
        implements HttpOutput {
    private static final Pattern NAMES = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]*");

    /// What Loki takes for a label's name in place of all else.
    private static final Pattern FOREIGN = Pattern.compile("[^a-zA-Z0-9_]");

    /// The last key of a record accessor.
    private static final Pattern LAST = Pattern.compile("([^\\['\"$\\]]+)(?:['\"]?\\])?$");

    /// @param key where its value stands; empty: it is the text
    record Label(String name, Optional<Accessor> key, String text) {
        /// The key that the line does not have again.
        Optional<String> taken() {
            return key.flatMap(Accessor::onlyKey);
        }

        Optional<String> of(LogRecord record) {
            return key.map(accessor ->
                            accessor.find(record.body())
                                    .filter(value -> !(value instanceof Value.Table))
                                    .map(Value::asText))
                    .orElse(Optional.of(text));
        }
    }

    /// Of a record with one key.
    enum Single {
        /// As any other.
        KEPT,
        /// Its value, written as the format says.
        VALUE,
        /// Its value, a text as it is.
        RAW
    }

    /// How a record becomes a line.
    enum Format {
        JSON,
        KEY_VALUE
    }

    public LokiOutput {
        labels = List.copyOf(labels);
        removed = List.copyOf(removed);
    }

    static LokiOutput read(Parameters parameters) {
        parameters.unless("label_map_path", "");
        parameters.unless("tenant_id_key", "");
        parameters.unless("structured_metadata", "");
        parameters.unless("structured_metadata_map_keys", "");
        parameters.unless("line_format", "json", "key_value");
        var headers = new LinkedHashMap<String, String>();
        header(parameters, "bearer_token", "Authorization", "Bearer ", headers);
        header(parameters, "tenant_id", "X-Scope-OrgID", "", headers);
        var labels = new ArrayList<Label>();
        var written = parameters.pairs("labels");
        written.forEach(pair -> labels.addAll(labels(parameters, pair)));
        parameters.pairs("label_keys").forEach(pair -> labels.addAll(labels(parameters, pair)));
        var kubernetes = parameters.flag("auto_kubernetes_labels", false);
        if (labels.isEmpty() && !kubernetes) {
            labels.add(new Label("job", Optional.empty(), "fluent-bit"));
        }
        return new LokiOutput(
                Endpoint.read(
                        parameters, 3100, parameters.text("uri", "/loki/api/v1/push"), headers),
                labels,
                kubernetes,
                parts(parameters.text("remove_keys", "")),
                single(parameters),
                Format.valueOf(
                        parameters
                                .text("line_format")
                                .filter("key_value"::equalsIgnoreCase)
                                .orElse("json")
                                .toUpperCase(Locale.ROOT)));
    }

    private static void header(
            Parameters parameters,
            String key,
            String name,
            String before,
            Map<String, String> headers) {
        for (var pair : parameters.pairs(key)) {
            if (Endpoint.isValue(pair.value())) {
                headers.put(name, before + pair.value());
            } else {
                parameters.wrong(key + " can't be sent", "write printable letters");
            }
        }
    }

    private static Single single(Parameters parameters) {
        return parameters.text("drop_single_key").filter("raw"::equalsIgnoreCase).isPresent()
                ? Single.RAW
                : parameters.flag("drop_single_key", false) ? Single.VALUE : Single.KEPT;
    }

    private static List<String> parts(String text) {
        return Arrays.stream(text.split(","))
                .map(String::strip)
                .filter(part -> !part.isEmpty())
                .toList();
    }

    /// `name=text`, `name=$key['nested']`, or `$key['nested']`, whose last key is the name.
    private static List<Label> labels(Parameters parameters, Section.Pair pair) {
        var labels = new ArrayList<Label>();
        for (var part : parts(pair.value())) {
            var equals = part.startsWith("$") ? -1 : part.indexOf('=');
            var value = part.substring(equals + 1).strip();
            var accessor =
                    value.startsWith("$") || equals < 0
                            ? parameters.accessor(pair, value)
                            : Optional.<Accessor>empty();
            var name = equals < 0 ? last(value) : part.substring(0, equals).strip();
            if (!NAMES.matcher(name).matches()) {
                parameters.wrong(pair, "'%s' is no name of a label".formatted(name));
            }
            labels.add(new Label(name, accessor, value));
        }
        return labels;
    }

    private static String last(String accessor) {
        var key = LAST.matcher(accessor);
        return key.find() ? key.group(1) : accessor;
    }

    @Override
    public Piece piece(LogRecord record) {
        var stream = new TreeMap<String, String>();
        labels.forEach(label ->
                label.of(record)
                        .filter(text -> !text.isEmpty())
                        .ifPresent(text -> stream.put(label.name(), text)));
        if (kubernetesLabels) {
            podLabels(record).forEach(stream::putIfAbsent);
        }
        if (stream.isEmpty()) {
            // Loki takes no stream without a label.
            stream.put("job", "fluent-bit");
        }
        return new Piece(
                Json.write(Value.Table.texts(stream)),
                Json.write(
                        new Value.Items(
                                List.of(
                                        new Value.Text(HttpOutput.nanos(record)),
                                        new Value.Text(line(record.body()))))));
    }

    private static Map<String, String> podLabels(LogRecord record) {
        var found = new TreeMap<String, String>();
        record.body()
                .find("kubernetes")
                .flatMap(value ->
                        value instanceof Value.Table table
                                ? table.find("labels")
                                : Optional.empty())
                .ifPresent(value -> {
                    if (value instanceof Value.Table(var entries)) {
                        entries.forEach((name, text) -> {
                            var known = FOREIGN.matcher(name).replaceAll("_");
                            found.put(
                                    Character.isDigit(known.charAt(0)) ? "_" + known : known,
                                    text.asText());
                        });
                    }
                });
        return found;
    }

    private String line(Value.Table record) {
        var left = record.copy();
        labels.forEach(label -> label.taken().ifPresent(left::remove));
        removed.forEach(left::remove);
        if (single != Single.KEPT && left.size() == 1) {
            var only = left.firstEntry().getValue();
            return single == Single.RAW || format == Format.KEY_VALUE
                    ? only.asText()
                    : Json.write(only);
        }
        if (format == Format.JSON) {
            return Json.write(new Value.Table(left));
        }
        var line = new ArrayList<String>();
        left.forEach((key, value) -> line.add(key + "=" + Json.write(value)));
        return String.join(" ", line);
    }

    @Override
    public String body(SequencedMap<String, List<String>> pieces) {
        var streams = new ArrayList<String>();
        pieces.forEach((labels, lines) ->
                streams.add(
                        "{\"stream\":%s,\"values\":[%s]}"
                                .formatted(labels, String.join(",", lines))));
        return "{\"streams\":[%s]}".formatted(String.join(",", streams));
    }
}
