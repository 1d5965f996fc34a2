package dev.monopod.logging.filter;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.config.Section;
import dev.monopod.logging.record.Expression;
import dev.monopod.logging.record.Value;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/// When `modify` changes a record. Source: Fluent Bit's manual, "Modify", conditions.
interface Condition extends Predicate<Value.Table> {
    /// Empty, with a fault told, for what is no condition.
    static Optional<Condition> of(Parameters parameters, Section.Pair pair) {
        var words = Parameters.words(pair.value(), 3);
        var name = words.isEmpty() ? "" : words.getFirst().toLowerCase(Locale.ROOT);
        var needed = name.startsWith("key_value_") || name.startsWith("matching_") ? 3 : 2;
        if (words.size() < needed) {
            parameters.wrong(pair, "the condition lacks a word");
            return Optional.empty();
        }
        var first = words.get(1);
        var second = needed < 3 ? "" : words.get(2);
        return switch (name) {
            case "key_exists" -> key(parameters, pair, first, Optional::isPresent);
            case "key_does_not_exist" -> key(parameters, pair, first, Optional::isEmpty);
            case "a_key_matches" -> keys(parameters, pair, first, true);
            case "no_key_matches" -> keys(parameters, pair, first, false);
            case "key_value_equals" ->
                    key(parameters, pair, first, found -> is(found, second::equals));
            case "key_value_does_not_equal" ->
                    key(parameters, pair, first, found -> is(found, text -> !text.equals(second)));
            case "key_value_matches" ->
                    parameters
                            .expression(pair, second)
                            .flatMap(regex ->
                                    key(
                                            parameters,
                                            pair,
                                            first,
                                            found -> is(found, regex::matches)));
            case "key_value_does_not_match" ->
                    parameters
                            .expression(pair, second)
                            .flatMap(regex ->
                                    key(
                                            parameters,
                                            pair,
                                            first,
                                            found -> is(found, text -> !regex.matches(text))));
            case "matching_keys_have_matching_values" ->
                    values(parameters, pair, first, second, true);
            case "matching_keys_do_not_have_matching_values" ->
                    values(parameters, pair, first, second, false);
            default -> {
                parameters.wrong(pair, "modify has no such condition");
                yield Optional.empty();
            }
        };
    }

    private static boolean is(Optional<Value> found, Predicate<String> wanted) {
        return found.filter(value -> value instanceof Value.Text(String text) && wanted.test(text))
                .isPresent();
    }

    private static Optional<Condition> key(
            Parameters parameters,
            Section.Pair pair,
            String name,
            Predicate<Optional<Value>> wanted) {
        return parameters
                .accessor(pair, name)
                .map(accessor -> body -> wanted.test(accessor.find(body)));
    }

    private static Optional<Condition> keys(
            Parameters parameters, Section.Pair pair, String text, boolean wanted) {
        return parameters
                .expression(pair, text)
                .map(regex ->
                        body ->
                                body.entries().keySet().stream().anyMatch(regex::matches)
                                        == wanted);
    }

    private static Optional<Condition> values(
            Parameters parameters, Section.Pair pair, String key, String value, boolean wanted) {
        return parameters
                .expression(pair, key)
                .flatMap(keys ->
                        parameters
                                .expression(pair, value)
                                .map(values -> body -> all(body, keys, values, wanted)));
    }

    private static boolean all(
            Value.Table body, Expression keys, Expression values, boolean wanted) {
        return body.entries().entrySet().stream()
                .filter(entry -> keys.matches(entry.getKey()))
                .allMatch(entry -> is(Optional.of(entry.getValue()), values::matches) == wanted);
    }
}
