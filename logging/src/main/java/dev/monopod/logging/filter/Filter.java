package dev.monopod.logging.filter;

import dev.monopod.logging.record.LogRecord;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// What one `[FILTER]` does to the records that it matches.
public interface Filter {
    /// What became of a record.
    ///
    /// @param kept goes on to the next filter; empty if the record is dropped
    /// @param emitted begin anew at the first filter, under tags of their own
    record Result(Optional<LogRecord> kept, List<LogRecord> emitted) {
        static final Result DROPPED = new Result(Optional.empty(), List.of());

        public Result {
            emitted = List.copyOf(emitted);
        }

        static Result of(LogRecord record) {
            return new Result(Optional.of(record), List.of());
        }
    }

    /// @param now the time of day, which `throttle` counts by
    Result apply(LogRecord record, Instant now);
}
