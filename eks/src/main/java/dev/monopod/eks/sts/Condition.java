package dev.monopod.eks.sts;

import dev.monopod.model.profile.Wildcard;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What must be so in a request for a statement to speak of it.
///
/// @param key in small letters
record Condition(Operator operator, String key, List<String> values) {
    enum Operator {
        EQUALS,
        LIKE;

        private boolean holds(String expected, String actual) {
            return switch (this) {
                case EQUALS -> expected.equals(actual);
                case LIKE -> new Wildcard(expected).matches(actual);
            };
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
