package dev.monopod.cli.terminal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.host.json.OwnJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Reads and writes JSON: this command's answers, its own files and the supervisor's.
public final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Json() {}

    public static String write(Object value) {
        try {
            return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
        } catch (JsonProcessingException failure) {
            throw new IllegalStateException(failure);
        }
    }

    public static <T> T read(String text, Class<T> type) throws IOException {
        return MAPPER.readValue(text, type);
    }

    /// One of this command's own files, as this version or another wrote it.
    ///
    /// @throws OwnJson.TooNew that names the file, if this version would misread it
    public static <T> T read(Path file, Class<T> type) throws IOException {
        try {
            return OwnJson.read(Files.readAllBytes(file), type, OwnJson.FIRST_FORMAT);
        } catch (OwnJson.TooNew e) {
            throw e.of(file);
        }
    }

    public static JsonNode tree(Path file) throws IOException {
        return MAPPER.readTree(file.toFile());
    }
}
