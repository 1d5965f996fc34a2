package dev.monopod.host.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

class AnswersFuzzTest {
    @Test
    void whatTheFuzzerBeginsWithIsWithinTheBounds() {
        assertThat(AnswersFuzz.seeds())
                .hasSizeGreaterThan(4)
                .allSatisfy(seed -> {
                    assertThatCode(() -> AnswersFuzz.fuzzerTestOneInput(seed))
                            .doesNotThrowAnyException();
                });
    }
}
