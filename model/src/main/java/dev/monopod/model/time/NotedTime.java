package dev.monopod.model.time;

import java.time.Duration;
import java.time.Instant;

/// Carries what a process waits for from one of its lives to the next. An instant of the steady
/// clock means nothing to the next process, so it is noted down by the wall clock, with the moment
/// of writing. Read again, nothing is further away than it was then: a wall clock that was set back
/// meanwhile lengthens no wait. One that was set forward counts as time that went by.
///
/// @param writtenMillis by the wall clock; 0 where that was not noted down
/// @param now when it is read
public record NotedTime(long writtenMillis, Moment now) {
    /// What to note down at that moment; what lies at the epoch is no wait, and stays.
    public static long millis(Instant steady, Moment now) {
        return steady.equals(Instant.EPOCH)
                ? 0
                : now.wall().plus(Duration.between(now.steady(), steady)).toEpochMilli();
    }

    /// The instant of this process' steady clock.
    public Instant steady(long millis) {
        if (millis == 0) {
            return Instant.EPOCH;
        }
        var left = millis - now.wall().toEpochMilli();
        var atMost = writtenMillis == 0 ? left : millis - writtenMillis;
        return now.steady().plusMillis(Math.min(left, atMost));
    }
}
