package dev.monopod.logging.filter;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.config.Section;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;

/// Moves keys into a table, or out of one. Source: Fluent Bit's manual, "Nest".
///
/// @param lifts out of the table; else into it
/// @param table its key
/// @param wildcards of keys that are moved into it
/// @param removed prefix that moved keys lose
/// @param added prefix that moved keys get
record Nest(boolean lifts, String table, List<String> wildcards, String removed, String added)
        implements Filter {
    static Filter read(Parameters parameters) {
        var operation = parameters.text("Operation", "").toLowerCase(Locale.ROOT);
        var wildcards = parameters.pairs("Wildcard").stream().map(Section.Pair::value).toList();
        var under = parameters.text("Nest_under", "");
        var nested = parameters.text("Nested_under", "");
        var lifts = operation.equals("lift");
        if (!lifts && !operation.equals("nest")) {
            parameters.wrong("nest has no Operation", "write nest or lift");
        }
        if ((lifts ? nested : under).isEmpty()) {
            parameters.wrong(
                    "nest has no " + (lifts ? "Nested_under" : "Nest_under"),
                    "write the key of the table");
        }
        return new Nest(
                lifts,
                lifts ? nested : under,
                wildcards,
                parameters.text("Remove_prefix", ""),
                parameters.text("Add_prefix", ""));
    }

    @Override
    public Result apply(LogRecord record, Instant now) {
        return Result.of(record.with(lifts ? lift(record.body()) : nest(record.body())));
    }

    private Value.Table nest(Value.Table body) {
        var outside = new LinkedHashMap<String, Value>();
        var inside = new LinkedHashMap<String, Value>();
        body.entries()
                .forEach((key, value) -> {
                    if (wildcards.stream().anyMatch(wildcard -> Wildcards.matches(wildcard, key))) {
                        inside.put(renamed(key), value);
                    } else {
                        outside.put(key, value);
                    }
                });
        if (inside.isEmpty()) {
            return body;
        }
        outside.put(table, new Value.Table(inside));
        return new Value.Table(outside);
    }

    private Value.Table lift(Value.Table body) {
        if (!(body.find(table).orElse(null) instanceof Value.Table(var inside))) {
            return body;
        }
        var outside = body.copy();
        outside.remove(table);
        inside.forEach((key, value) -> outside.put(renamed(key), value));
        return new Value.Table(outside);
    }

    private String renamed(String key) {
        return added + (key.startsWith(removed) ? key.substring(removed.length()) : key);
    }
}
