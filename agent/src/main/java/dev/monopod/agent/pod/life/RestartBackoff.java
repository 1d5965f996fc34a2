package dev.monopod.agent.pod.life;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// When a container may be started again, by the kubelet's rule: the first restart at once, then 10
/// s, 20 s … 300 s after the end of the last attempt; ten quiet minutes reset it. All instants are
/// the steady clock's. Immutable.
record RestartBackoff(Optional<Duration> delay, Instant updated) {
    static final Duration INITIAL = Duration.ofSeconds(10);
    static final Duration MAXIMUM = Duration.ofSeconds(300);
    static final RestartBackoff NONE = new RestartBackoff(Optional.empty(), Instant.EPOCH);

    /// Earliest start of an attempt after one that ended at `endedAt`.
    Instant notBefore(Instant endedAt) {
        if (delay.isEmpty() || expired(endedAt)) {
            return endedAt;
        }
        return endedAt.plus(delay.get());
    }

    /// The state after the restart that follows an attempt which ended at `endedAt`. The quiet time
    /// counts from the restart, not from the end before it.
    RestartBackoff restarted(Instant endedAt) {
        var at = notBefore(endedAt);
        if (delay.isEmpty() || expired(endedAt)) {
            return new RestartBackoff(Optional.of(INITIAL), at);
        }
        var doubled = delay.get().multipliedBy(2);
        return new RestartBackoff(
                Optional.of(doubled.compareTo(MAXIMUM) > 0 ? MAXIMUM : doubled), at);
    }

    /// A whole number of seconds as Go writes durations: `10s`, `1m20s`, `5m0s`.
    static String display(Duration duration) {
        var minutes = duration.toMinutes();
        return (minutes > 0 ? minutes + "m" : "") + duration.toSecondsPart() + "s";
    }

    private boolean expired(Instant at) {
        return Duration.between(updated, at).compareTo(MAXIMUM.multipliedBy(2)) > 0;
    }
}
