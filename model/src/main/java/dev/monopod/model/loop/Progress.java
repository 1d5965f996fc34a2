package dev.monopod.model.loop;

import dev.monopod.model.loop.LoopHealth.Reach;
import dev.monopod.model.loop.LoopHealth.State;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// What a loop has done so far, as a value: each step returns the next one.
///
/// ```
/// waiting ─ began ─► running ─ succeeded, failed ─► resting ─ began ─► running …
/// running ─ follows ─► following ─ began ─► running
///    any ─ ended ─► ended
/// ```
///
/// @param failingSince when the first of the failures in a row happened
/// @param lastError empty if the last pass ended well
record Progress(
        Phase phase,
        Optional<Instant> lastSuccess,
        int failures,
        Optional<Instant> failingSince,
        String lastError) {
    private static final int ERROR_LENGTH = 300;

    /// Where the loop stands.
    sealed interface Phase {
        /// Nobody has started it yet.
        record Waiting() implements Phase {}

        record Running(Instant since) implements Phase {}

        /// Its pass works, and waits for what others do.
        record Following() implements Phase {}

        /// @param until the next pass is due then
        record Resting(Instant until) implements Phase {}

        record Ended() implements Phase {}
    }

    static Progress none() {
        return new Progress(new Phase.Waiting(), Optional.empty(), 0, Optional.empty(), "");
    }

    Progress began(Instant now) {
        return new Progress(new Phase.Running(now), lastSuccess, failures, failingSince, lastError);
    }

    /// Its first pass is due after a rest.
    Progress rests(Instant now, Duration rest) {
        return new Progress(resting(now, rest), lastSuccess, failures, failingSince, lastError);
    }

    /// Its pass waits for others, however long.
    Progress follows() {
        return new Progress(new Phase.Following(), lastSuccess, failures, failingSince, lastError);
    }

    /// Its pass, which goes on, has done what failed before.
    Progress mended(Instant now) {
        return new Progress(phase, Optional.of(now), 0, Optional.empty(), "");
    }

    Progress succeeded(Instant now, Duration rest) {
        return new Progress(resting(now, rest), Optional.of(now), 0, Optional.empty(), "");
    }

    Progress failed(Instant now, Throwable why, Duration rest) {
        return new Progress(
                resting(now, rest),
                lastSuccess,
                failures + 1,
                failingSince.or(() -> Optional.of(now)),
                text(why));
    }

    /// A pass is wanted sooner than it was due.
    Progress hurried(Instant now, Duration rest) {
        return phase instanceof Phase.Resting(Instant until) && until.isAfter(now.plus(rest))
                ? new Progress(
                        new Phase.Resting(now.plus(rest)),
                        lastSuccess,
                        failures,
                        failingSince,
                        lastError)
                : this;
    }

    Progress ended(Throwable why) {
        return new Progress(new Phase.Ended(), lastSuccess, failures + 1, failingSince, text(why));
    }

    private static Phase resting(Instant now, Duration rest) {
        return new Phase.Resting(now.plus(rest));
    }

    /// One line, bounded: it is shown in tables.
    static String text(Throwable why) {
        var text = why.toString().replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
        return text.length() > ERROR_LENGTH ? text.substring(0, ERROR_LENGTH) + "…" : text;
    }

    LoopHealth health(String name, Reach reach, Duration limit, Instant now) {
        return new LoopHealth(name, reach, state(limit, now), lastSuccess, failures, lastError);
    }

    private State state(Duration limit, Instant now) {
        Optional<Instant> from =
                switch (phase) {
                    case Phase.Running(Instant since) -> Optional.of(since);
                    case Phase.Resting(Instant until) -> Optional.of(until);
                    case Phase.Waiting(), Phase.Following(), Phase.Ended() -> Optional.empty();
                };
        if (phase instanceof Phase.Ended) {
            return new State.Ended();
        }
        if (from.isPresent() && now.isAfter(from.get().plus(limit))) {
            return new State.Stalled(from.get());
        }
        return failingSince
                .filter(since -> !now.isBefore(since.plus(LoopHealth.PATIENCE)))
                .<State>map(State.Failing::new)
                .orElseGet(State.Fine::new);
    }
}
