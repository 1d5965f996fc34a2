package dev.monopod.agent.pod.log;

import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

class LogsFuzzTest {
    @Test
    void keepsAndReadsWhatAGuestMightSend() {
        assertThatCode(() -> LogsFuzz.fuzzerTestOneInput(LogsFuzz.seed()))
                .doesNotThrowAnyException();
    }
}
