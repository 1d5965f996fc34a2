package dev.monopod.model.time;

import java.time.Instant;

/// One moment by both clocks.
///
/// @param wall for what is told to others, as when something began
/// @param steady for what is waited for within the process, see [SteadyClock]
public record Moment(Instant wall, Instant steady) {
    /// While the wall clock has not been set since the process began.
    public static Moment of(Instant both) {
        return new Moment(both, both);
    }
}
