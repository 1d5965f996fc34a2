package dev.monopod.model.loop;

import java.time.Duration;
import java.time.Instant;

/// How often something has happened that is told ever more seldom: the 1st, 2nd, 4th, 8th … time,
/// until ten minutes bring none, since others, such as a guest, may cause any number of them.
///
/// @param number of times since the last quiet time
/// @param last when it happened last
public record Recurrence(int number, Instant last) {
    private static final Duration QUIET = Duration.ofMinutes(10);

    public static final Recurrence NONE = new Recurrence(0, Instant.EPOCH);

    public Recurrence another(Instant now) {
        return new Recurrence(now.isAfter(last.plus(QUIET)) ? 1 : number + 1, now);
    }

    /// Whether the last time is to be told.
    public boolean isTold() {
        return Integer.bitCount(number) == 1;
    }
}
