package dev.monopod.logging.plan;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.config.Section;
import dev.monopod.logging.record.Expression;
import java.util.List;
import java.util.Optional;

/// Which tags a filter or an output takes: those of a pattern with `*`, and those that an
/// expression matches from their beginning on. Source: Fluent Bit's manual, "Routing".
record Match(Optional<String> pattern, Optional<Expression> expression) {
    static Match of(Section section, Parameters parameters) {
        return new Match(
                section.value("Match"),
                section.pair("Match_Regex")
                        .flatMap(pair -> parameters.expression(pair, pair.value())));
    }

    boolean takes(String tag) {
        return expression.filter(one -> one.matchesStart(tag)).isPresent()
                || pattern.filter(one -> matches(one, tag)).isPresent();
    }

    /// In one pass: after a miss it goes on behind the last `*`.
    private static boolean matches(String pattern, String tag) {
        var parts = List.of(pattern.split("\\*", -1));
        if (parts.size() == 1) {
            return pattern.equals(tag);
        }
        var end = tag.length() - parts.getLast().length();
        if (!tag.startsWith(parts.getFirst())
                || !tag.endsWith(parts.getLast())
                || end < parts.getFirst().length()) {
            return false;
        }
        var at = parts.getFirst().length();
        for (var part : parts.subList(1, parts.size() - 1)) {
            at = tag.indexOf(part, at);
            if (at < 0 || at + part.length() > end) {
                return false;
            }
            at += part.length();
        }
        return true;
    }
}
