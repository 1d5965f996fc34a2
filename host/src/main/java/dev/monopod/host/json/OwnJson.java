package dev.monopod.host.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;

/// How Monopod writes its own files as JSON, so that the version before and the version after read
/// them as well: a field that a reader does not know is passed over, and one that is missing is
/// null, 0 or false.
///
/// That is enough for fields that come and go. When a reader of before would misread a file, the
/// file says its format, as a number in the field `format` beside the others. One that does not is
/// of format 1, which all files have so far; and so that an earlier version can read them, format 1
/// is never written down. A file of a format that is too new is refused, never taken for damaged.
public final class OwnJson {
    /// What all files are of that do not say.
    public static final int FIRST_FORMAT = 1;

    private static final String FORMAT = "format";
    private static final JsonMapper MAPPER =
            JsonMapper.builder()
                    .addModule(new Jdk8Module())
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .build();

    private OwnJson() {}

    /// The content is of a format that only a later version knows.
    public static final class TooNew extends IOException {
        private static final long serialVersionUID = 1;

        private TooNew(String message) {
            super(message);
        }

        /// The same, said of a file.
        public TooNew of(Path file) {
            return new TooNew("cannot read %s: %s".formatted(file, getMessage()));
        }
    }

    /// @param known the newest format that the caller understands
    /// @throws TooNew if the content is of a newer one
    /// @throws IOException if it is damaged
    public static <T> T read(byte[] content, Class<T> type, int known) throws IOException {
        return read(content, MAPPER.constructType(type), known);
    }

    /// The same for a generic type, made by [#mapOf].
    public static <T> T read(byte[] content, JavaType type, int known) throws IOException {
        var tree = MAPPER.readTree(content);
        if (tree instanceof ObjectNode object) {
            var format = object.remove(FORMAT);
            if (format != null) {
                check(format, known);
            }
        }
        T value = MAPPER.treeToValue(tree, type);
        if (value == null) {
            throw new IOException("nothing is in it");
        }
        return value;
    }

    /// The type of a table from text to `values`.
    public static JavaType mapOf(Class<?> values) {
        return MAPPER.getTypeFactory().constructMapType(HashMap.class, String.class, values);
    }

    /// In format 1.
    public static byte[] write(Object value) throws JsonProcessingException {
        return MAPPER.writeValueAsBytes(value);
    }

    private static void check(JsonNode format, int known) throws IOException {
        if (!format.isIntegralNumber() || format.asLong() < FIRST_FORMAT) {
            throw new IOException("its format is no number: " + format);
        }
        if (format.asLong() > known) {
            throw new TooNew(
                    "it is of format %s, written by a later version of Monopod, and this one knows %d at most; it stays as it is: run the later version here again"
                            .formatted(format, known));
        }
    }
}
