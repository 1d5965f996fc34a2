package dev.monopod.logging.record;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A text with parts of a record in it: `$TAG`, `$TAG[n]` (the tag's parts between dots), `$0` to
/// `$9` (what a regular expression captured), `$key['nested']`. What a record lacks is left out.
///
/// @param text as written
public record Template(String text) {
    private static final Pattern PART =
            Pattern.compile(
                    "\\$(?:TAG\\[([0-9]{1,3})\\]|(TAG)(?![A-Za-z0-9_])|([0-9])|([A-Za-z_][A-Za-z0-9_-]*(?:\\['[^']*'\\]|\\[[0-9]{1,6}\\])*))");

    /// @param groups of the expression, the whole match first
    public String of(LogRecord record, List<String> groups) {
        return PART.matcher(text)
                .replaceAll(part -> Matcher.quoteReplacement(value(part.group(), record, groups)));
    }

    private static String value(String part, LogRecord record, List<String> groups) {
        if (part.equals("$TAG")) {
            return record.tag();
        }
        if (part.startsWith("$TAG[")) {
            var parts = record.tag().split("\\.", -1);
            var number = Integer.parseInt(part.substring(5, part.length() - 1));
            return number < parts.length ? parts[number] : "";
        }
        if (Character.isDigit(part.charAt(1))) {
            var number = part.charAt(1) - '0';
            return number < groups.size() ? groups.get(number) : "";
        }
        return Accessor.of(part)
                .flatMap(accessor -> accessor.find(record.body()))
                .or(Optional::empty)
                .map(Value::asText)
                .orElse("");
    }
}
