package dev.monopod.loadbalancing.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class RouteDurationsTest {
    @Test
    void addsTheParts() {
        assertThat(RouteDurations.parse("1h2m3s4ms"))
                .contains(Duration.ofHours(1).plusMinutes(2).plusSeconds(3).plusMillis(4));
        assertThat(RouteDurations.parse("500ms")).contains(Duration.ofMillis(500));
    }

    @Test
    void takesNothingElse() {
        assertThat(Stream.of("", "5", "-1s", "1.5s", "1d").map(RouteDurations::parse))
                .allMatch(each -> each.isEmpty());
        assertThat(RouteDurations.parse(null)).isEmpty();
    }

    @Test
    void noLimitIsTheLongest() {
        assertThat(
                        Stream.of(Duration.ZERO, Duration.ofSeconds(2), Duration.ofSeconds(1))
                                .sorted(RouteDurations.ZERO_IS_ENDLESS))
                .containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ZERO);
    }
}
