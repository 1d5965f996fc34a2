package dev.monopod.logging.filter;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.parse.Parser;
import dev.monopod.logging.record.Accessor;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Takes the text of one key apart. What no parser takes stays as it is. Source: Fluent Bit's
/// manual, filter "Parser".
///
/// @param name of the key, if it is one of the record itself
/// @param parsers the first that takes the text counts
/// @param keeps the key
/// @param keepsOthers else all keys but what was parsed go
record ParserFilter(
        String name, Accessor key, List<Parser> parsers, boolean keeps, boolean keepsOthers)
        implements Filter {
    /// @param known by name
    static Filter read(Parameters parameters, Map<String, Parser> known) {
        var parsers = new ArrayList<Parser>();
        for (var pair : parameters.pairs("Parser")) {
            var parser = known.get(pair.value());
            if (parser == null) {
                parameters.wrong(pair, "parsers.conf has no parser of that name");
            } else {
                parsers.add(parser);
            }
        }
        if (parsers.isEmpty() && parameters.pairs("Parser").isEmpty()) {
            parameters.wrong("parser has no Parser", "write the name of one in parsers.conf");
        }
        var keys = parameters.pairs("Key_Name");
        if (keys.isEmpty()) {
            parameters.wrong("parser has no Key_Name", "write the key, such as log");
        }
        parameters.ignore("Unescape_Key");
        var name = parameters.text("Key_Name", "log");
        var accessor =
                keys.isEmpty() ? Accessor.of("log") : parameters.accessor(keys.getFirst(), name);
        return new ParserFilter(
                name,
                accessor.or(() -> Accessor.of("log")).orElseThrow(),
                List.copyOf(parsers),
                parameters.flag("Preserve_Key", false),
                parameters.flag("Reserve_Data", false));
    }

    @Override
    public Result apply(LogRecord record, Instant now) {
        var text = key.text(record.body());
        if (text.isEmpty()) {
            return Result.of(record);
        }
        for (var parser : parsers) {
            var parsed = parser.parse(text.get(), record.time());
            if (parsed.isPresent()) {
                return Result.of(
                        new LogRecord(
                                record.tag(),
                                parsed.get().time().orElse(record.time()),
                                joined(record.body(), parsed.get().fields())));
            }
        }
        return Result.of(record);
    }

    /// What was parsed comes first, and goes before what has the same key.
    private Value.Table joined(Value.Table before, Value.Table parsed) {
        var fields = parsed.copy();
        before.entries()
                .forEach((other, value) -> {
                    if (other.equals(name) ? keeps : keepsOthers) {
                        fields.putIfAbsent(other, value);
                    }
                });
        return new Value.Table(fields);
    }
}
