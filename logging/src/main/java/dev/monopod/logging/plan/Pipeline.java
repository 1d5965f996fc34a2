package dev.monopod.logging.plan;

import dev.monopod.logging.filter.Filter;
import dev.monopod.logging.record.LogRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// All filters, in the order written, and one output's choice of what they leave. Of one thread,
/// since `throttle` counts.
public final class Pipeline {
    /// So often may a record begin anew under another tag: rules that feed each other end.
    private static final int MOST_EMISSIONS = 8;

    private final List<Step> steps;
    private final Match output;

    record Step(Match match, Filter filter) {}

    Pipeline(List<Step> steps, Match output) {
        this.steps = List.copyOf(steps);
        this.output = output;
    }

    /// What the output gets of a record, in order: what began anew comes after what was before it.
    public List<LogRecord> apply(LogRecord record, Instant now) {
        var left = new ArrayList<LogRecord>();
        apply(record, now, 0, left);
        return left;
    }

    private void apply(LogRecord record, Instant now, int emissions, List<LogRecord> left) {
        var current = record;
        var emitted = new ArrayList<LogRecord>();
        var dropped = false;
        for (var step : steps) {
            if (dropped || !step.match().takes(current.tag())) {
                continue;
            }
            var result = step.filter().apply(current, now);
            emitted.addAll(result.emitted());
            dropped = result.kept().isEmpty();
            current = result.kept().orElse(current);
        }
        if (!dropped && output.takes(current.tag())) {
            left.add(current);
        }
        if (emissions < MOST_EMISSIONS) {
            emitted.forEach(one -> apply(one, now, emissions + 1, left));
        }
    }
}
