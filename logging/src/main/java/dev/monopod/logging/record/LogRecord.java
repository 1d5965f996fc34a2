package dev.monopod.logging.record;

import java.time.Instant;

/// One log record on its way through filters to outputs. Immutable.
///
/// @param tag by which filters and outputs choose records
/// @param time when it was written, or what a parser found in it
public record LogRecord(String tag, Instant time, Value.Table body) {
    public LogRecord with(Value.Table changed) {
        return new LogRecord(tag, time, changed);
    }

    public LogRecord tagged(String other) {
        return new LogRecord(other, time, body);
    }
}
