package dev.monopod.model.profile;

/// A pattern in which `*` stands for any characters, also none, and `?` for exactly one.
public record Wildcard(String pattern) {

    /// Whether the pattern has no wildcard.
    public boolean literal() {
        return pattern.indexOf('*') < 0 && pattern.indexOf('?') < 0;
    }

    /// Whether the whole text matches. Takes at most `pattern × text` steps, whatever the pattern.
    public boolean matches(String text) {
        var star = -1;
        var resume = 0;
        var at = 0;
        var position = 0;
        while (position < text.length()) {
            if (at < pattern.length() && pattern.charAt(at) == '*') {
                star = at++;
                resume = position;
            } else if (at < pattern.length()
                    && (pattern.charAt(at) == '?' || pattern.charAt(at) == text.charAt(position))) {
                at++;
                position++;
            } else if (star >= 0) {
                at = star + 1;
                position = ++resume;
            } else {
                return false;
            }
        }
        while (at < pattern.length() && pattern.charAt(at) == '*') {
            at++;
        }
        return at == pattern.length();
    }

    /// Whether there is a text that both patterns match. Takes `pattern × pattern` steps.
    public boolean meets(Wildcard other) {
        // After row i, column j tells whether a text matches the first i symbols of this pattern
        // and
        // the first j of the other.
        var row = new boolean[other.pattern.length() + 1];
        row[0] = true;
        for (var j = 1; j < row.length; j++) {
            row[j] = row[j - 1] && other.pattern.charAt(j - 1) == '*';
        }
        for (var i = 1; i <= pattern.length(); i++) {
            var symbol = pattern.charAt(i - 1);
            var diagonal = row[0];
            row[0] = row[0] && symbol == '*';
            for (var j = 1; j < row.length; j++) {
                var theirs = other.pattern.charAt(j - 1);
                var above = row[j];
                row[j] =
                        symbol == '*' || theirs == '*'
                                ? above || row[j - 1]
                                : diagonal && (symbol == theirs || symbol == '?' || theirs == '?');
                diagonal = above;
            }
        }
        return row[row.length - 1];
    }

    /// The same pattern as an RE2 expression over the whole text.
    public String regularExpression() {
        var expression = new StringBuilder("^");
        for (var symbol : pattern.toCharArray()) {
            switch (symbol) {
                case '*' -> expression.append(".*");
                case '?' -> expression.append('.');
                default -> {
                    // RE2 knows escapes of ASCII only.
                    if (symbol < 128
                            && !Character.isLetterOrDigit(symbol)
                            && symbol != '-'
                            && symbol != '_'
                            && symbol != '/') {
                        expression.append('\\');
                    }
                    expression.append(symbol);
                }
            }
        }
        return expression.append('$').toString();
    }
}
