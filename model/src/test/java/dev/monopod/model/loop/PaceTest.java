package dev.monopod.model.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class PaceTest {
    private final Pace pace =
            Pace.every(Duration.ofSeconds(30))
                    .withRetries(Duration.ofSeconds(1), Duration.ofSeconds(10));

    @Test
    void doublesTheBackOffUpToTheLongest() {
        var wholes = new int[] {1, 2, 4, 8, 10, 10, 10};
        for (int failures = 1; failures <= wholes.length; failures++) {
            var whole = Duration.ofSeconds(wholes[failures - 1]);
            assertThat(pace.backOff(failures, new Random(failures)))
                    .isBetween(whole.dividedBy(2), whole);
        }
    }

    @Test
    void staysBoundedAfterAnyNumberOfFailures() {
        assertThat(pace.backOff(Integer.MAX_VALUE, new Random(1)))
                .isBetween(Duration.ofSeconds(5), Duration.ofSeconds(10));
    }

    @Test
    void spreadsLoopsThatFailedTogether() {
        var random = new Random(7);
        assertThat(IntStream.range(0, 100).mapToObj(_ -> pace.backOff(3, random)).distinct())
                .hasSizeGreaterThan(90);
    }

    @Test
    void isShownWithinThirtySecondsWhenNothingElseIsSaid() {
        var supervisorAsksEvery = Duration.ofSeconds(2);
        assertThat(pace.limit().plus(supervisorAsksEvery)).isLessThan(Duration.ofSeconds(30));
        assertThat(LoopHealth.PATIENCE.plus(supervisorAsksEvery))
                .isLessThan(Duration.ofSeconds(30));
    }

    @Test
    void refusesARetryThatNeverWaits() {
        assertThatThrownBy(() -> pace.withRetries(Duration.ZERO, Duration.ofSeconds(1)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
