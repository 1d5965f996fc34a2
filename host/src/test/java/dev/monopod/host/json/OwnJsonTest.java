package dev.monopod.host.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What versions of Monopod make of each other's files.
final class OwnJsonTest {
    record Part(int number) {}

    record Thing(
            String name,
            long size,
            boolean done,
            @Nullable List<Part> parts,
            Optional<String> word) {}

    @Test
    void passesOverFieldsThatOnlyALaterVersionKnowsAtEachDepth() throws IOException {
        assertThat(
                        thing(
                                """
                                {"name": "a", "size": 3, "done": true, "colour": {"red": 1},
                                 "parts": [{"number": 7, "weight": 2}], "word": "w"}
                                """))
                .isEqualTo(new Thing("a", 3, true, List.of(new Part(7)), Optional.of("w")));
    }

    @Test
    void takesFieldsThatAnEarlierVersionDidNotWriteForNothing() throws IOException {
        assertThat(thing("{\"name\": \"a\"}"))
                .isEqualTo(new Thing("a", 0, false, null, Optional.empty()));
    }

    @Test
    void neverWritesTheFirstFormatDown() throws IOException {
        var written = OwnJson.write(new Part(7));

        assertThat(new String(written, StandardCharsets.UTF_8)).isEqualTo("{\"number\":7}");
        assertThat(OwnJson.read(written, Part.class, 1)).isEqualTo(new Part(7));
    }

    @Test
    void readsEachFormatUpToTheOneThatItKnows() throws IOException {
        assertThat(OwnJson.read(bytes("{\"format\": 2, \"number\": 7}"), Part.class, 2))
                .isEqualTo(new Part(7));
    }

    @Test
    void refusesALaterFormatAndSaysWhatToDo() {
        assertThatThrownBy(() -> thing("{\"format\": 2, \"name\": [\"another meaning\"]}"))
                .isInstanceOf(OwnJson.TooNew.class)
                .hasMessage(
                        "it is of format 2, written by a later version of Monopod, and this one knows 1 at most;"
                                + " it stays as it is: run the later version here again");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "1.5", "\"2\"", "null", "[2]"})
    void takesAFormatThatIsNoneForDamage(String format) {
        assertThatThrownBy(() -> thing("{\"name\": \"a\", \"format\": " + format + "}"))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(OwnJson.TooNew.class);
    }

    @Test
    void readsATableWhoseKeysAreAnybodys() throws IOException {
        Map<String, Part> table =
                OwnJson.read(
                        bytes("{\"a\": {\"number\": 1, \"more\": 2}}"),
                        OwnJson.mapOf(Part.class),
                        1);

        assertThat(table).isEqualTo(Map.of("a", new Part(1)));
    }

    private static Thing thing(String text) throws IOException {
        return OwnJson.read(bytes(text), Thing.class, OwnJson.FIRST_FORMAT);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
