package dev.monopod.eks.operations;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.type.LogicalType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// JSON of the protocol `rest-json`: members that an operation does not know are passed over, times
/// are numbers of seconds with milliseconds.
final class Json {
    static final String MEDIA_TYPE = "application/json";

    private static final JsonMapper MAPPER = mapper();

    private Json() {}

    static byte[] write(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    static String text(Object value) {
        return new String(write(value), StandardCharsets.UTF_8);
    }

    /// What a body holds; an empty one holds no member.
    ///
    /// @throws Refusal if it is no JSON object, or a member has another type
    static <T> T read(byte[] body, Class<T> type) {
        @Nullable T read;
        try {
            read = body.length == 0 ? MAPPER.readValue("{}", type) : MAPPER.readValue(body, type);
        } catch (JsonProcessingException malformed) {
            throw Refusal.of(Refusal.Kind.SERIALIZATION, reason(malformed));
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        if (read == null) {
            throw Refusal.of(Refusal.Kind.SERIALIZATION, "The body is null, not a JSON object");
        }
        return read;
    }

    private static String reason(JsonProcessingException malformed) {
        var place = malformed.getLocation();
        return "The body is not the JSON that this operation takes"
                + (place == null
                        ? ""
                        : ", at line %d, column %d"
                                .formatted(place.getLineNr(), place.getColumnNr()));
    }

    private static JsonMapper mapper() {
        var builder =
                JsonMapper.builder()
                        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                        .addModule(new SimpleModule().addSerializer(Instant.class, new Seconds()));
        for (var shape :
                new CoercionInputShape[] {
                    CoercionInputShape.Integer, CoercionInputShape.Float, CoercionInputShape.Boolean
                }) {
            builder.withCoercionConfig(
                    LogicalType.Textual, config -> config.setCoercion(shape, CoercionAction.Fail));
        }
        return builder.build();
    }

    private static final class Seconds extends JsonSerializer<Instant> {
        private static final int MILLIS = 3;

        @Override
        public void serialize(Instant time, JsonGenerator json, SerializerProvider provider)
                throws IOException {
            json.writeNumber(BigDecimal.valueOf(time.toEpochMilli(), MILLIS));
        }
    }
}
