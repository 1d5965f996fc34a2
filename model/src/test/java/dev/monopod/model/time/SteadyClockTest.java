package dev.monopod.model.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class SteadyClockTest {
    private static final Instant T0 = Instant.parse("2026-11-30T00:00:00Z");

    private final AtomicReference<Instant> wall = new AtomicReference<>(T0);
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
    private final SteadyClock clock = new SteadyClock(wall::get, nanos::get, ZoneOffset.UTC);

    @Test
    void beginsWithTheWallClockAndFollowsMonotonicTime() {
        nanos.addAndGet(Duration.ofMinutes(2).toNanos());

        assertThat(clock.instant()).isEqualTo(T0.plus(Duration.ofMinutes(2)));
        assertThat(clock.withZone(ZoneOffset.MAX).instant()).isEqualTo(clock.instant());
    }

    @Test
    void knowsNothingOfAWallClockThatIsSetForwardOrBack() {
        wall.set(T0.plus(Duration.ofHours(1)));
        assertThat(clock.instant()).isEqualTo(T0);

        wall.set(T0.minus(Duration.ofHours(1)));
        assertThat(clock.instant()).isEqualTo(T0);
    }

    @Test
    void isOneForTheWholeProcess() {
        assertThat(SteadyClock.ofProcess()).isSameAs(SteadyClock.ofProcess());
        assertThat(Clocks.ofProcess().steady()).isSameAs(SteadyClock.ofProcess());
    }
}
