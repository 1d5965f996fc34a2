package dev.monopod.logging.parse;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.record.Json;
import dev.monopod.logging.record.Value;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// One `Decode_Field` or `Decode_Field_As` of a parser. Source: Fluent Bit's manual, "Decoders".
///
/// @param inPlace what was decoded takes the place of the field; else its keys join the record's
/// @param tryNext the next decoder of the field comes even if this one failed, and not if it did
/// @param doNext the next decoder of the field comes if this one succeeded
record Decoder(boolean inPlace, Kind kind, String field, boolean tryNext, boolean doNext) {
    enum Kind {
        JSON,
        ESCAPED
    }

    /// Empty for what is not served.
    static Optional<Decoder> of(boolean inPlace, String text) {
        var words = Parameters.words(text, 3);
        if (words.size() < 2) {
            return Optional.empty();
        }
        var next = words.size() < 3 ? "" : words.get(2).toLowerCase(Locale.ROOT);
        if (!List.of("", "try_next", "do_next").contains(next)) {
            return Optional.empty();
        }
        return switch (words.getFirst().toLowerCase(Locale.ROOT)) {
            case "json" -> Optional.of(decoder(inPlace, Kind.JSON, words.get(1), next));
            case "escaped", "escaped_utf8" ->
                    Optional.of(decoder(inPlace, Kind.ESCAPED, words.get(1), next));
            default -> Optional.empty();
        };
    }

    private static Decoder decoder(boolean inPlace, Kind kind, String field, String next) {
        return new Decoder(inPlace, kind, field, next.equals("try_next"), next.equals("do_next"));
    }

    /// Changes the fields in the order of the decoders.
    static void apply(List<Decoder> decoders, LinkedHashMap<String, Value> fields) {
        var done = new HashSet<String>();
        for (var decoder : decoders) {
            if (done.contains(decoder.field)) {
                continue;
            }
            var decoded = decoder.decode(fields);
            decoded.ifPresent(value -> decoder.put(value, fields));
            if (decoded.isPresent() ? !decoder.doNext : !decoder.tryNext) {
                done.add(decoder.field);
            }
        }
    }

    private Optional<Value> decode(LinkedHashMap<String, Value> fields) {
        if (!(fields.get(field) instanceof Value.Text(String text))) {
            return Optional.empty();
        }
        return switch (kind) {
            case JSON ->
                    Json.value(text)
                            .filter(value ->
                                    value instanceof Value.Table || value instanceof Value.Items);
            case ESCAPED -> Optional.of(new Value.Text(Escapes.undo(text)));
        };
    }

    private void put(Value value, LinkedHashMap<String, Value> fields) {
        if (!inPlace && value instanceof Value.Table(var entries)) {
            entries.forEach(fields::putIfAbsent);
        } else {
            fields.put(field, value);
        }
    }
}
