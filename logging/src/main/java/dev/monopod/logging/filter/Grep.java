package dev.monopod.logging.filter;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.record.Accessor;
import dev.monopod.logging.record.Expression;
import dev.monopod.logging.record.LogRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Keeps or drops records by expressions over their texts. Source: Fluent Bit's manual, "Grep".
record Grep(Operation operation, List<Rule> rules) implements Filter {
    enum Operation {
        /// Each `Regex` must match, no `Exclude` may.
        LEGACY,
        AND,
        OR
    }

    /// @param keeps a `Regex`; else an `Exclude`
    record Rule(boolean keeps, Accessor key, Expression expression) {
        private boolean matches(LogRecord record) {
            return key.text(record.body()).filter(expression::matches).isPresent();
        }
    }

    static Filter read(Parameters parameters) {
        var rules = new ArrayList<Rule>();
        for (var pair : parameters.pairs()) {
            if (pair.is("Regex") || pair.is("Exclude")) {
                var words = Parameters.words(pair.value(), 2);
                if (words.size() < 2) {
                    parameters.wrong(pair, "write a key and a regular expression");
                    continue;
                }
                parameters
                        .accessor(pair, words.getFirst())
                        .ifPresent(key ->
                                parameters
                                        .expression(pair, words.get(1))
                                        .ifPresent(expression ->
                                                rules.add(
                                                        new Rule(
                                                                pair.is("Regex"),
                                                                key,
                                                                expression))));
            } else if (!isCommon(pair.key())) {
                parameters.wrong(pair, "grep has Regex, Exclude and Logical_Op");
            }
        }
        var operation = Operation.LEGACY;
        for (var pair : parameters.pairs("Logical_Op")) {
            try {
                operation = Operation.valueOf(pair.value().toUpperCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                parameters.wrong(pair, "write legacy, AND or OR");
            }
        }
        if (operation != Operation.LEGACY
                && rules.stream().map(Rule::keeps).distinct().count() > 1) {
            parameters.wrong(
                    "grep with Logical_Op %s has both Regex and Exclude".formatted(operation),
                    "use one of them");
        }
        return new Grep(operation, List.copyOf(rules));
    }

    private static boolean isCommon(String key) {
        return List.of("name", "match", "match_regex", "alias", "log_level", "logical_op")
                .contains(key.toLowerCase(Locale.ROOT));
    }

    @Override
    public Result apply(LogRecord record, Instant now) {
        return keeps(record) ? Result.of(record) : Result.DROPPED;
    }

    private boolean keeps(LogRecord record) {
        if (operation == Operation.LEGACY || rules.isEmpty()) {
            return rules.stream().allMatch(rule -> rule.matches(record) == rule.keeps());
        }
        var found =
                operation == Operation.AND
                        ? rules.stream().allMatch(rule -> rule.matches(record))
                        : rules.stream().anyMatch(rule -> rule.matches(record));
        return found == rules.getFirst().keeps();
    }
}
