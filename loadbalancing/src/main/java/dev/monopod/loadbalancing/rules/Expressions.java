package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Regular expressions that users bring. All tenants' requests are matched by one process, so an
/// expression must cost a request next to nothing, whatever the request: no repetition within a
/// repetition, at most two that are unbounded, no references back and no looking around.
final class Expressions {
    private static final int LONGEST = 256;
    private static final int MOST_UNBOUNDED = 2;

    private Expressions() {}

    /// @param field what the user wrote
    /// @throws BadAnnotation when it is no expression, or may cost too much
    static void check(String field, String expression) {
        Bounds.hold(field + ": characters", expression.length(), LONGEST);
        try {
            Pattern.compile(expression);
        } catch (PatternSyntaxException malformed) {
            throw bad(field, expression, "is no regular expression");
        }
        var unbounded = 0;
        var depth = 0;
        // Whether a group that is open, or was closed last, holds a repetition.
        var repeats = new boolean[LONGEST + 2];
        var closedRepeats = false;
        for (var at = 0; at < expression.length(); at++) {
            var sign = expression.charAt(at);
            var afterGroup = closedRepeats;
            closedRepeats = false;
            switch (sign) {
                case '\\' -> {
                    at++;
                    if (at >= expression.length()
                            || Character.isLetterOrDigit(expression.charAt(at))
                                    && "dDwWsS".indexOf(expression.charAt(at)) < 0) {
                        throw bad(field, expression, "has an escape that is not served");
                    }
                }
                case '[' -> at = endOfClass(field, expression, at);
                case '(' -> {
                    depth++;
                    repeats[depth] = false;
                    if (expression.startsWith("(?", at) && !expression.startsWith("(?:", at)
                            || expression.startsWith("(*", at)) {
                        throw bad(field, expression, "looks around or sets options");
                    }
                    if (expression.startsWith("(?:", at)) {
                        at += 2;
                    }
                }
                case ')' -> {
                    closedRepeats = repeats[depth];
                    repeats[depth - 1] |= repeats[depth];
                    depth--;
                }
                case '*', '+', '{', '?' -> {
                    if (sign != '?' && afterGroup) {
                        throw bad(field, expression, "repeats a repetition");
                    }
                    if (sign != '?') {
                        repeats[depth] = true;
                    }
                    var end = sign == '{' ? expression.indexOf('}', at) : at;
                    if (sign == '{' && end < 0) {
                        throw bad(field, expression, "has an open repetition");
                    }
                    if (sign == '*'
                            || sign == '+'
                            || sign == '{' && expression.charAt(end - 1) == ',') {
                        unbounded++;
                    }
                    if (sign == '{') {
                        bounded(field, expression, expression.substring(at + 1, end));
                    }
                    at = end;
                }
                default -> {}
            }
        }
        Bounds.hold(
                "%s: repetitions without an end in \"%s\""
                        .formatted(field, Readable.text(expression)),
                unbounded,
                MOST_UNBOUNDED);
    }

    /// `{1,}`, `{3}` and `{1,64}`: greater ones make the automaton large.
    private static void bounded(String field, String expression, String counts) {
        if (!counts.matches("[0-9]{1,2}(,[0-9]{0,2})?")) {
            throw bad(field, expression, "repeats something more than 99 times");
        }
    }

    private static int endOfClass(String field, String expression, int start) {
        var at = start + 1;
        if (expression.startsWith("^", at)) {
            at++;
        }
        // A bracket in the first place is a sign like any other.
        if (expression.startsWith("]", at)) {
            at++;
        }
        for (; at < expression.length(); at++) {
            if (expression.charAt(at) == '\\') {
                at++;
            } else if (expression.charAt(at) == ']') {
                return at;
            }
        }
        throw bad(field, expression, "has an open bracket");
    }

    private static BadAnnotation bad(String field, String expression, String why) {
        return new BadAnnotation("%s: \"%s\" %s".formatted(field, Readable.text(expression), why));
    }
}
