package dev.monopod.loadbalancing.rules;

import java.util.List;

/// Patterns of an ALB: `*` is any text, `?` any character.
final class Wildcards {
    private Wildcards() {}

    static boolean any(String pattern) {
        return pattern.contains("*") || pattern.contains("?");
    }

    static int count(String pattern) {
        return (int) pattern.chars().filter(sign -> sign == '*' || sign == '?').count();
    }

    /// A regular expression for exactly what the pattern holds for.
    static String expression(String pattern) {
        return "^" + inside(pattern, ".") + "$";
    }

    /// The same as a part of an expression. What stands between two stars is taken where it comes
    /// first, and never looked for again: the time grows with the request's length, whatever it is.
    ///
    /// @param any sign that wildcards may stand for, as an expression
    static String inside(String pattern, String any) {
        var parts = List.of(pattern.split("\\*", -1));
        var expression = new StringBuilder(literal(parts.getFirst(), any));
        for (var part : parts.subList(1, Math.max(1, parts.size() - 1))) {
            if (!part.isEmpty()) {
                expression.append("(?>").append(any).append("*?");
                expression.append(literal(part, any)).append(')');
            }
        }
        if (parts.size() > 1) {
            expression.append(any).append('*').append(literal(parts.getLast(), any));
        }
        return expression.toString();
    }

    private static String literal(String part, String any) {
        var text = new StringBuilder();
        part.chars()
                .forEach(sign -> {
                    if (sign == '?') {
                        text.append(any);
                        return;
                    }
                    if (!Character.isLetterOrDigit(sign)
                            && sign != '/'
                            && sign != '-'
                            && sign != '_') {
                        text.append('\\');
                    }
                    text.append((char) sign);
                });
        return text.toString();
    }
}
