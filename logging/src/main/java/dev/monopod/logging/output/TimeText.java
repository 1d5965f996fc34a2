package dev.monopod.logging.output;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Writes times as `strftime` does, in UTC. Source: strftime(3); Fluent Bit's manual, "Amazon
/// Kinesis Data Firehose"; the README of Amazon's plugin for Kinesis.
final class TimeText {
    static final String DEFAULT = "%Y-%m-%dT%H:%M:%S";

    private static final Pattern FIELD = Pattern.compile("%([0-9]?.|$)", Pattern.DOTALL);
    private static final Map<String, String> FIELDS =
            Map.ofEntries(
                    Map.entry("Y", "uuuu"),
                    Map.entry("y", "uu"),
                    Map.entry("m", "MM"),
                    Map.entry("d", "dd"),
                    Map.entry("e", "ppd"),
                    Map.entry("j", "DDD"),
                    Map.entry("H", "HH"),
                    Map.entry("I", "hh"),
                    Map.entry("M", "mm"),
                    Map.entry("S", "ss"),
                    Map.entry("p", "a"),
                    Map.entry("a", "EEE"),
                    Map.entry("A", "EEEE"),
                    Map.entry("b", "MMM"),
                    Map.entry("B", "MMMM"),
                    Map.entry("F", "uuuu-MM-dd"),
                    Map.entry("T", "HH:mm:ss"),
                    Map.entry("D", "MM/dd/uu"),
                    Map.entry("R", "HH:mm"),
                    Map.entry("z", "xx"),
                    Map.entry("Z", "'UTC'"));

    private TimeText() {}

    /// Fractions of a second of Fluent Bit's own plugins: `%L` are nanoseconds.
    static final Map<String, String> CORE =
            Map.of("3N", "SSS", "9N", "SSSSSSSSS", "L", "SSSSSSSSS");

    /// Fractions of Amazon's plugins in Go: `%L` are milliseconds, `%f` microseconds.
    static final Map<String, String> GO = Map.of("L", "SSS", "f", "SSSSSS");

    /// The specifiers of a format that are not served.
    static List<String> strange(String format, Map<String, String> fractions) {
        return FIELD.matcher(format)
                .results()
                .map(field -> field.group(1))
                .filter(field ->
                        !FIELDS.containsKey(field)
                                && !fractions.containsKey(field)
                                && !List.of("%", "s", "n", "t").contains(field))
                .toList();
    }

    /// @param format without strange specifiers
    static String of(Instant time, String format, Map<String, String> fractions) {
        var date = time.atOffset(ZoneOffset.UTC);
        return FIELD.matcher(format)
                .replaceAll(
                        field -> Matcher.quoteReplacement(field(date, field.group(1), fractions)));
    }

    private static String field(OffsetDateTime date, String field, Map<String, String> fractions) {
        return switch (field) {
            case "%" -> "%";
            case "n" -> "\n";
            case "t" -> "\t";
            case "s" -> Long.toString(date.toEpochSecond());
            default -> {
                var pattern = FIELDS.getOrDefault(field, fractions.getOrDefault(field, ""));
                yield DateTimeFormatter.ofPattern(pattern, Locale.US).format(date);
            }
        };
    }
}
