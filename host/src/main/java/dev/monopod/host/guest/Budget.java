package dev.monopod.host.guest;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// How often something may be done: so many times at once, and then once in each interval. Who may
/// not is counted. Thread-safe.
public final class Budget {
    private final int burst;
    private final Duration interval;
    private final InstantSource clock;
    private Instant full;
    private long refused;

    public Budget(int burst, Duration interval, InstantSource clock) {
        this.burst = burst;
        this.interval = interval;
        this.clock = clock;
        this.full = Instant.MIN;
    }

    /// Whether it may be done now.
    public synchronized boolean take() {
        var now = clock.instant();
        var start = full.isBefore(now) ? now : full;
        if (Duration.between(now, start).compareTo(interval.multipliedBy(burst - 1L)) > 0) {
            refused++;
            return false;
        }
        full = start.plus(interval);
        return true;
    }

    /// How often it was refused since this was last asked.
    public synchronized long refused() {
        var count = refused;
        refused = 0;
        return count;
    }
}
