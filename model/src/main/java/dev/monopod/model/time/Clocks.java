package dev.monopod.model.time;

import java.time.Clock;

/// The two clocks of a process.
///
/// @param wall may be set forward and back at any time
/// @param steady for waits, deadlines and ages, see [SteadyClock]
public record Clocks(Clock wall, Clock steady) {
    public static Clocks ofProcess() {
        return new Clocks(Clock.systemUTC(), SteadyClock.ofProcess());
    }

    /// As long as the wall clock is not set.
    public static Clocks of(Clock both) {
        return new Clocks(both, both);
    }

    public Moment now() {
        return new Moment(wall.instant(), steady.instant());
    }
}
