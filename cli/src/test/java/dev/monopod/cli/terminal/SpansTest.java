package dev.monopod.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SpansTest {
    @ParameterizedTest
    @CsvSource({"90s, PT1M30S", "10m, PT10M", "1h30m, PT1H30M", "1h0m5s, PT1H5S", "720h, PT720H"})
    void areReadAsKubectlWritesThem(String text, Duration span) {
        assertThat(Spans.parse("--timeout", text)).isEqualTo(span);
    }

    @Test
    void noughtIsNoLimit() {
        assertThat(Spans.parse("--timeout", "0")).isNull();
        assertThat(Spans.parse("--timeout", "0s")).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10", "-5s", "5s3m", "1d", "720h1s", "99999999s", "PT5M"})
    void othersAreRefusedByNameLimitAndValue(String text) {
        assertThatExceptionOfType(CliException.class)
                .isThrownBy(() -> Spans.parse("--timeout", text))
                .withMessage(
                        "--timeout: hours, minutes and seconds, such as 90s or 1h30m, at most 720h, or 0 for no limit, not `%s`",
                        text);
    }
}
