package dev.monopod.model.loop;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// How a loop fares at one moment.
///
/// @param lastSuccess when its last pass ended well; empty before the first
/// @param failures in a row, up to now
/// @param lastError what the last failure said; empty if the last pass ended well
public record LoopHealth(
        String name,
        Reach reach,
        State state,
        Optional<Instant> lastSuccess,
        int failures,
        String lastError) {
    /// A failure that is mended sooner is no news.
    public static final Duration PATIENCE = Duration.ofSeconds(8);

    /// Whom it harms when a loop does not work.
    public enum Reach {
        /// All of the process: it is not ready then.
        PROCESS,
        /// One pod; the process is fine.
        POD
    }

    /// What can be said of a loop.
    public sealed interface State {
        /// It works, or has failed for a moment only.
        record Fine() implements State {}

        /// Every pass failed since then.
        record Failing(Instant since) implements State {}

        /// The pass that was due, or began, then has not ended within its limit.
        record Stalled(Instant since) implements State {}

        /// Its thread is gone, though nobody closed it: the JVM itself failed.
        record Ended() implements State {}
    }

    public boolean fine() {
        return state instanceof State.Fine;
    }

    /// Whether the process as a whole does not do its work.
    public boolean harmsProcess() {
        return reach == Reach.PROCESS && !fine();
    }

    /// One line: `[+]NAME ok`, `[-]NAME failed: …`, `[!]NAME failed: …` if that harms one pod only.
    public String line() {
        var mark = fine() ? "[+]" : reach == Reach.PROCESS ? "[-]" : "[!]";
        return mark
                + name
                + switch (state) {
                    case State.Fine() -> " ok";
                    case State.Failing(Instant since) ->
                            " failed: %s, %d times since %s".formatted(lastError, failures, since);
                    case State.Stalled(Instant since) ->
                            " failed: stalled, no pass has ended since " + since;
                    case State.Ended() -> " failed: ended by " + lastError;
                };
    }
}
