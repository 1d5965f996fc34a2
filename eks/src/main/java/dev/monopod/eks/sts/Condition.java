package dev.monopod.eks.sts;

import dev.monopod.model.profile.Wildcard;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/// What must be so in a request for a statement to speak of it.
///
/// @param key in small letters
record Condition(Operator operator, String key, List<String> values) {
    private static final int ARN_PARTS = 6;

    enum Operator {
        EQUALS,
        LIKE,
        /// Of ARNs, part by part: no wildcard goes beyond a colon but in the last part.
        ARN_LIKE;

        private boolean holds(String expected, String actual) {
            return switch (this) {
                case EQUALS -> expected.equals(actual);
                case LIKE -> new Wildcard(expected).matches(actual);
                case ARN_LIKE -> arnLike(expected.split(":", ARN_PARTS), actual);
            };
        }

        private static boolean arnLike(String[] expected, String actual) {
            var parts = actual.split(":", ARN_PARTS);
            return expected.length == ARN_PARTS
                    && parts.length == ARN_PARTS
                    && IntStream.range(0, ARN_PARTS)
                            .allMatch(part -> new Wildcard(expected[part]).matches(parts[part]));
        }
    }

    Condition {
        key = key.toLowerCase(Locale.ROOT);
        values = List.copyOf(values);
    }

    /// Whether one of the values is the request's. A request without such a key has none.
    ///
    /// @param context by key in small letters
    boolean holds(Map<String, String> context) {
        var actual = context.get(key);
        return actual != null && values.stream().anyMatch(value -> operator.holds(value, actual));
    }
}
