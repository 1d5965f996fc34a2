package dev.monopod.agent.pod.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

/// What fuzzers found in what guests say of starts and probes, and what they begin with.
class OutcomesFuzzTest {
    /// Words are cut to the length that a status or event may have, not in the middle of a
    /// character of two parts, which is no text any more.
    @Test
    void cutsBetweenCharacters() {
        assertThat(OutcomesFuzz.seeds())
                .allSatisfy(seed -> {
                    for (var distance = 0; distance < 32; distance++) {
                        var input = seed.clone();
                        input[1] = (byte) ((seed[1] & 0xe0) | distance);
                        assertThatCode(() -> OutcomesFuzz.fuzzerTestOneInput(input))
                                .as("%d before the limit", distance)
                                .doesNotThrowAnyException();
                    }
                });
    }
}
