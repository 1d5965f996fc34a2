package dev.monopod.logging.filter;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.config.Section;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/// Adds and removes keys. Source: Fluent Bit's manual, "Record modifier".
///
/// @param allowed if any, other keys go
/// @param unique keys that get a random UUID
record RecordModifier(
        Map<String, String> added, Set<String> removed, Set<String> allowed, List<String> unique)
        implements Filter {
    static Filter read(Parameters parameters) {
        var added = new LinkedHashMap<String, String>();
        for (var pair : parameters.pairs("Record")) {
            var words = Parameters.words(pair.value(), 2);
            if (words.size() < 2) {
                parameters.wrong(pair, "write a key and a value");
            } else {
                added.put(words.getFirst(), words.get(1));
            }
        }
        var removed = values(parameters.pairs("Remove_key"));
        var allowed = new ArrayList<>(parameters.pairs("Allowlist_key"));
        allowed.addAll(parameters.pairs("Whitelist_key"));
        if (!removed.isEmpty() && !allowed.isEmpty()) {
            parameters.wrong("Remove_key and Allowlist_key exclude each other", "use one of them");
        }
        return new RecordModifier(
                added, removed, values(allowed), List.copyOf(values(parameters.pairs("Uuid_key"))));
    }

    private static Set<String> values(List<Section.Pair> pairs) {
        return pairs.stream().map(Section.Pair::value).collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public Result apply(LogRecord record, Instant now) {
        var body = record.body().copy();
        body.keySet().removeAll(removed);
        if (!allowed.isEmpty()) {
            body.keySet().retainAll(allowed);
        }
        added.forEach((key, text) -> body.put(key, new Value.Text(text)));
        unique.forEach(key -> body.put(key, new Value.Text(UUID.randomUUID().toString())));
        return Result.of(record.with(new Value.Table(body)));
    }
}
