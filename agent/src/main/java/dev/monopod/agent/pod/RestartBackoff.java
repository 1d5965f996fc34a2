package dev.monopod.agent.pod;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// When a container may be started again, by the kubelet's rule: the first restart at once, then
/// 10 s, 20 s … 300 s after the end of the last attempt; ten quiet minutes reset it. Immutable.
record RestartBackoff(Optional<Duration> delay, Instant updated) {
    static final Duration INITIAL = Duration.ofSeconds(10);
    static final Duration MAXIMUM = Duration.ofSeconds(300);
    static final RestartBackoff NONE = new RestartBackoff(Optional.empty(), Instant.EPOCH);

    /// Earliest start of an attempt after one that ended at `finishedAt`.
    Instant notBefore(Instant finishedAt) {
        if (delay.isEmpty() || expired(finishedAt)) {
            return finishedAt;
        }
        return finishedAt.plus(delay.get());
    }

    /// The state after a restart at `now`.
    RestartBackoff restarted(Instant now) {
        if (delay.isEmpty() || expired(now)) {
            return new RestartBackoff(Optional.of(INITIAL), now);
        }
        Duration doubled = delay.get().multipliedBy(2);
        return new RestartBackoff(
                Optional.of(doubled.compareTo(MAXIMUM) > 0 ? MAXIMUM : doubled), now);
    }

    private boolean expired(Instant at) {
        return Duration.between(updated, at).compareTo(MAXIMUM.multipliedBy(2)) > 0;
    }
}
