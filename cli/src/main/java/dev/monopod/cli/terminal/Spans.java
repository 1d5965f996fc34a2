package dev.monopod.cli.terminal;

import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Lengths of time as kubectl takes them.
public final class Spans {
    private static final Pattern SPAN =
            Pattern.compile("(?:(\\d{1,6})h)?(?:(\\d{1,6})m)?(?:(\\d{1,6})s)?");

    private static final Duration LONGEST = Duration.ofDays(30);

    private Spans() {}

    /// `90s`, `10m`, `1h30m`; null for 0, which means no limit.
    ///
    /// @throws CliException that names the option, what it takes and the value
    public static @Nullable Duration parse(String option, String text) {
        if (text.equals("0")) {
            return null;
        }
        var parts = SPAN.matcher(text);
        if (parts.matches() && !text.isEmpty()) {
            var span =
                    Duration.ofHours(number(parts.group(1)))
                            .plusMinutes(number(parts.group(2)))
                            .plusSeconds(number(parts.group(3)));
            if (span.isZero()) {
                return null;
            }
            if (span.compareTo(LONGEST) <= 0) {
                return span;
            }
        }
        throw new CliException(
                "%s: hours, minutes and seconds, such as 90s or 1h30m, at most 720h, or 0 for no limit, not `%s`"
                        .formatted(option, text));
    }

    private static long number(@Nullable String digits) {
        return digits == null ? 0 : Long.parseLong(digits);
    }
}
