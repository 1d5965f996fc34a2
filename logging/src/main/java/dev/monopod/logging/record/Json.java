package dev.monopod.logging.record;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Optional;

/// Values from JSON, and as JSON.
public final class Json {
    private static final int DEEPEST = 64;
    private static final JsonFactory FACTORY =
            JsonFactory.builder()
                    .streamReadConstraints(
                            StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
                    .build();

    private Json() {}

    /// Empty for what is not one whole JSON object; blanks around it do not count. Of a key that is
    /// there twice the last value stays.
    public static Optional<Value.Table> table(String text) {
        return value(text)
                .flatMap(value ->
                        value instanceof Value.Table table ? Optional.of(table) : Optional.empty());
    }

    /// Empty for what is not one whole JSON value.
    public static Optional<Value> value(String text) {
        try (var parser = FACTORY.createParser(text)) {
            if (parser.nextToken() == null) {
                return Optional.empty();
            }
            var value = read(parser);
            return parser.nextToken() == null ? Optional.of(value) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Value read(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                var entries = new LinkedHashMap<String, Value>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    var key = parser.currentName();
                    parser.nextToken();
                    entries.put(key, read(parser));
                }
                yield new Value.Table(entries);
            }
            case START_ARRAY -> {
                var values = new ArrayList<Value>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    values.add(read(parser));
                }
                yield new Value.Items(values);
            }
            case VALUE_TRUE -> new Value.Truth(true);
            case VALUE_FALSE -> new Value.Truth(false);
            case VALUE_NULL -> new Value.Nothing();
            case VALUE_NUMBER_FLOAT -> new Value.Real(parser.getDoubleValue());
            case VALUE_NUMBER_INT ->
                    parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
                            ? new Value.Real(parser.getDoubleValue())
                            : new Value.Whole(parser.getLongValue());
            default -> new Value.Text(parser.getText());
        };
    }

    /// In one line.
    public static String write(Value value) {
        var text = new StringWriter();
        try (var generator = FACTORY.createGenerator(text)) {
            write(value, generator);
        } catch (IOException e) {
            throw new UncheckedIOException("a StringWriter failed", e);
        }
        return text.toString();
    }

    private static void write(Value value, JsonGenerator generator) throws IOException {
        switch (value) {
            case Value.Text(String text) -> generator.writeString(text);
            case Value.Whole(long number) -> generator.writeNumber(number);
            case Value.Real(double number) -> {
                if (Double.isFinite(number)) {
                    generator.writeNumber(number);
                } else {
                    generator.writeNull();
                }
            }
            case Value.Truth(boolean holds) -> generator.writeBoolean(holds);
            case Value.Nothing() -> generator.writeNull();
            case Value.Items(var values) -> {
                generator.writeStartArray();
                for (var one : values) {
                    write(one, generator);
                }
                generator.writeEndArray();
            }
            case Value.Table(var entries) -> {
                generator.writeStartObject();
                for (var entry : entries.entrySet()) {
                    generator.writeFieldName(entry.getKey());
                    write(entry.getValue(), generator);
                }
                generator.writeEndObject();
            }
        }
    }
}
