package dev.monopod.model.loop;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// When the passes of a loop come: at latest `period` after the last, at earliest `gap` after it,
/// and after a failure with a back-off that doubles from `firstRetry` to `longestRetry`.
///
/// @param delay before the first pass
/// @param limit the time that one pass may take; the loop counts as stalled after it
public record Pace(
        Duration delay,
        Duration period,
        Duration gap,
        Duration firstRetry,
        Duration longestRetry,
        Duration limit) {
    /// Long enough to mean never, and short enough for nanoseconds in a `long`.
    public static final Duration NEVER = Duration.ofDays(36_500);

    private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(10);

    /// With [LoopHealth#PATIENCE] and the time between two probes it stays below 30 seconds.
    private static final Duration LIMIT = Duration.ofSeconds(20);

    public Pace {
        if (delay.isNegative()
                || period.isNegative()
                || gap.isNegative()
                || !firstRetry.isPositive()
                || longestRetry.compareTo(firstRetry) < 0
                || !limit.isPositive()) {
            throw new IllegalArgumentException(
                    "delay %s, period %s, gap %s, retries from %s to %s, limit %s"
                            .formatted(delay, period, gap, firstRetry, longestRetry, limit));
        }
    }

    /// A pass after each period, and when it is nudged.
    public static Pace every(Duration period) {
        return new Pace(Duration.ZERO, period, Duration.ZERO, FIRST_RETRY, LONGEST_RETRY, LIMIT);
    }

    /// A pass at the start, and then only when it is nudged.
    public static Pace whenNudged() {
        return every(NEVER);
    }

    /// The first pass comes so much later than the start.
    public Pace after(Duration wait) {
        return new Pace(wait, period, gap, firstRetry, longestRetry, limit);
    }

    /// However often it is nudged, so much time lies between the end of a pass and the next.
    public Pace withGap(Duration least) {
        return new Pace(delay, period, least, firstRetry, longestRetry, limit);
    }

    public Pace withRetries(Duration first, Duration longest) {
        return new Pace(delay, period, gap, first, longest, limit);
    }

    public Pace withLimit(Duration longestPass) {
        return new Pace(delay, period, gap, firstRetry, longestRetry, longestPass);
    }

    /// The back-off after so many failures in a row: between a half and the whole of what doubles
    /// each time, so that loops that failed together do not come back together.
    ///
    /// @param failures at least 1
    Duration backOff(int failures, RandomGenerator random) {
        var whole = firstRetry;
        for (var i = 1; i < failures && whole.compareTo(longestRetry) < 0; i++) {
            whole = whole.multipliedBy(2);
        }
        var nanos = (whole.compareTo(longestRetry) < 0 ? whole : longestRetry).toNanos();
        return Duration.ofNanos(nanos / 2 + random.nextLong(nanos / 2 + 1));
    }
}
