package dev.monopod.agent.pod.pull;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PullEventsTest {
    @Test
    void writesDurationsAsTheKubeletDoes() {
        assertThat(PullEvents.duration(Duration.ZERO)).isEqualTo("0s");
        assertThat(PullEvents.duration(Duration.ofMillis(312))).isEqualTo("312ms");
        assertThat(PullEvents.duration(Duration.ofMillis(1200))).isEqualTo("1.2s");
        assertThat(PullEvents.duration(Duration.ofMillis(10_000))).isEqualTo("10s");
        assertThat(PullEvents.duration(Duration.ofMillis(62_500))).isEqualTo("1m2.5s");
        assertThat(PullEvents.duration(Duration.ofMillis(600_000))).isEqualTo("10m0s");
        assertThat(PullEvents.duration(Duration.ofMillis(3_605_001))).isEqualTo("1h0m5.001s");
    }
}
