package dev.monopod.logging.filter;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.config.Section;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Changes keys by rules, in the order written, if all conditions hold. Source: Fluent Bit's
/// manual, "Modify".
record Modify(List<Condition> conditions, List<Rule> rules) implements Filter {
    private static final Set<String> OTHER =
            Set.of("name", "match", "match_regex", "alias", "log_level");

    /// Changes the keys that it is given.
    interface Rule {
        void apply(LinkedHashMap<String, Value> body);
    }

    static Filter read(Parameters parameters) {
        var conditions = new ArrayList<Condition>();
        var rules = new ArrayList<Rule>();
        for (var pair : parameters.pairs()) {
            if (pair.is("Condition")) {
                Condition.of(parameters, pair).ifPresent(conditions::add);
            } else if (!OTHER.contains(pair.key().toLowerCase(Locale.ROOT))) {
                rule(parameters, pair).ifPresent(rules::add);
            }
        }
        return new Modify(List.copyOf(conditions), List.copyOf(rules));
    }

    private static Optional<Rule> rule(Parameters parameters, Section.Pair pair) {
        var name = pair.key().toLowerCase(Locale.ROOT);
        var two = Set.of("set", "add", "rename", "hard_rename", "copy", "hard_copy").contains(name);
        var words = Parameters.words(pair.value(), two ? 2 : 1);
        if (words.size() < (two ? 2 : 1)) {
            parameters.wrong(pair, two ? "write two words" : "write a key");
            return Optional.empty();
        }
        var key = words.getFirst();
        var other = two ? words.get(1) : "";
        return switch (name) {
            case "set" ->
                    Optional.of(body -> {
                        body.remove(key);
                        body.put(key, new Value.Text(other));
                    });
            case "add" -> Optional.of(body -> body.putIfAbsent(key, new Value.Text(other)));
            case "remove" -> Optional.of(body -> body.remove(key));
            case "remove_wildcard" ->
                    Optional.of(body -> body.keySet().removeIf(one -> Wildcards.begins(key, one)));
            case "remove_regex" ->
                    parameters
                            .expression(pair, key)
                            .map(regex -> body -> body.keySet().removeIf(regex::matches));
            case "rename" -> Optional.of(body -> rename(body, key, other, false));
            case "hard_rename" -> Optional.of(body -> rename(body, key, other, true));
            case "copy" -> Optional.of(body -> copy(body, key, other, false));
            case "hard_copy" -> Optional.of(body -> copy(body, key, other, true));
            case "move_to_start" -> Optional.of(body -> move(body, key, true));
            case "move_to_end" -> Optional.of(body -> move(body, key, false));
            default -> {
                parameters.wrong(pair, "modify has no such rule");
                yield Optional.empty();
            }
        };
    }

    /// @param hard even if there is a key of that name, which goes then
    private static void rename(
            LinkedHashMap<String, Value> body, String key, String name, boolean hard) {
        if (!body.containsKey(key) || key.equals(name) || body.containsKey(name) && !hard) {
            return;
        }
        var before = new LinkedHashMap<>(body);
        body.clear();
        before.forEach((one, value) -> {
            if (!one.equals(name)) {
                body.put(one.equals(key) ? name : one, value);
            }
        });
    }

    private static void copy(
            LinkedHashMap<String, Value> body, String key, String name, boolean hard) {
        var value = body.get(key);
        if (value != null && !key.equals(name) && (hard || !body.containsKey(name))) {
            body.remove(name);
            body.put(name, value);
        }
    }

    private static void move(LinkedHashMap<String, Value> body, String wildcard, boolean start) {
        var moved = new LinkedHashMap<String, Value>();
        var others = new LinkedHashMap<String, Value>();
        body.forEach((key, value) ->
                (Wildcards.matches(wildcard, key) ? moved : others).put(key, value));
        body.clear();
        body.putAll(start ? moved : others);
        body.putAll(start ? others : moved);
    }

    @Override
    public Result apply(LogRecord record, Instant now) {
        if (!conditions.stream().allMatch(condition -> condition.test(record.body()))) {
            return Result.of(record);
        }
        var body = record.body().copy();
        rules.forEach(rule -> rule.apply(body));
        return Result.of(record.with(new Value.Table(body)));
    }
}
