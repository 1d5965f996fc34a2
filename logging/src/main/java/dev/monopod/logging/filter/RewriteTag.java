package dev.monopod.logging.filter;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.record.Accessor;
import dev.monopod.logging.record.Expression;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Template;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Lets records begin anew under another tag. The first rule that matches counts. Source: Fluent
/// Bit's manual, "Rewrite tag".
record RewriteTag(List<Rule> rules) implements Filter {
    /// @param keeps the record under its old tag, too
    record Rule(Accessor key, Expression expression, Template tag, boolean keeps) {}

    static Filter read(Parameters parameters) {
        var rules = new ArrayList<Rule>();
        parameters.ignore("Emitter_Name", "Emitter_Storage.type", "Emitter_Mem_Buf_Limit");
        for (var pair : parameters.pairs("Rule")) {
            var words = Parameters.words(pair.value(), 4);
            var keep = words.size() < 4 ? "" : words.get(3).toLowerCase(Locale.ROOT);
            if (!List.of("true", "false", "on", "off", "yes", "no").contains(keep)
                    || !words.getFirst().startsWith("$")) {
                parameters.wrong(pair, "write $KEY REGEX NEW_TAG and true or false");
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
                                                            key,
                                                            expression,
                                                            new Template(words.get(2)),
                                                            List.of("true", "on", "yes")
                                                                    .contains(keep)))));
        }
        if (parameters.pairs("Rule").isEmpty()) {
            parameters.wrong("rewrite_tag has no Rule", "write $KEY REGEX NEW_TAG KEEP");
        }
        return new RewriteTag(List.copyOf(rules));
    }

    @Override
    public Result apply(LogRecord record, Instant now) {
        for (var rule : rules) {
            var found = rule.key().text(record.body()).flatMap(rule.expression()::find);
            if (found.isPresent()) {
                var emitted = record.tagged(rule.tag().of(record, found.get().groups()));
                return new Result(
                        rule.keeps() ? Optional.of(record) : Optional.empty(), List.of(emitted));
            }
        }
        return Result.of(record);
    }
}
