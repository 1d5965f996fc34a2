package dev.monopod.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TablesTest {
    private static final Clock NOON =
            Clock.fixed(Instant.parse("2026-01-10T12:00:00Z"), ZoneOffset.UTC);

    @Test
    void alignsColumnsAndEndsNoLineWithBlanks() {
        Table table = new Table("NAME", "AGE");
        table.row("a-long-name", "1s");
        table.row("b", "");

        assertThat(table).hasToString("NAME          AGE\na-long-name   1s\nb\n");
        assertThat(table.isEmpty()).isFalse();
    }

    @Test
    void isAHeadWithoutRows() {
        assertThat(new Table("A", "B")).hasToString("A   B\n");
        assertThat(new Table("A", "B").isEmpty()).isTrue();
    }

    @Test
    void refusesARowOfAnotherWidth() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Table("A", "B").row("1"));
    }

    @ParameterizedTest
    @CsvSource({
        "2026-01-10T12:00:00Z, 0s",
        "2026-01-10T12:00:05Z, 0s", // a clock that runs ahead
        "2026-01-10T11:58:01Z, 119s",
        "2026-01-10T11:58:00Z, 2m",
        "2026-01-10T10:00:01Z, 119m",
        "2026-01-10T10:00:00Z, 2h",
        "2026-01-08T12:00:01Z, 47h",
        "2026-01-08T12:00:00Z, 2d"
    })
    void tellsAgesAsKubectlDoes(String timestamp, String age) {
        assertThat(Text.age(timestamp, NOON)).isEqualTo(age);
    }

    @Test
    void showsADashForWhatIsNotThere() {
        assertThat(Text.age(null, NOON)).isEqualTo("-");
        assertThat(Text.of(null)).isEqualTo("-");
        assertThat(Text.of("")).isEqualTo("-");
        assertThat(Text.of(7)).isEqualTo("7");
    }

    @Test
    void jsonSurvivesReading() throws IOException {
        assertThat(Json.read(Json.write(Map.of("a", "ä\"\n")), Object.class))
                .isEqualTo(Map.of("a", "ä\"\n"));
    }

    @Test
    void aStepSaysHowItEndedAndIsRemembered() {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        Steps steps = new Steps(new PrintStream(said, true, StandardCharsets.UTF_8));

        assertThat(steps.<String>step("good", () -> "result")).isEqualTo("result");
        assertThatThrownBy(() ->
                        steps.step(
                                "bad",
                                () -> {
                                    throw new IOException("full");
                                }))
                .isInstanceOf(CliException.class)
                .hasMessage("bad: java.io.IOException: full");
        steps.note("by the way");

        assertThat(
                        said.toString(StandardCharsets.UTF_8)
                                .lines()
                                .map(line -> line.replaceAll(" +", " ")))
                .satisfiesExactly(
                        line -> assertThat(line).startsWith("✓ good "),
                        line -> assertThat(line).startsWith("✗ bad "),
                        line -> assertThat(line).isEqualTo(" by the way"));
        assertThat(steps.done()).extracting(Steps.Step::name).containsExactly("good");
    }
}
