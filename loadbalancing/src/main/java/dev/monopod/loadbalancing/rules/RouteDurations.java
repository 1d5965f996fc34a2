package dev.monopod.loadbalancing.rules;

import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Durations as the Gateway API writes them: `1h30m`, `500ms`. Source: its GEP 2257.
final class RouteDurations {
    /// `0s` means that there is no limit.
    static final Comparator<Duration> ZERO_IS_ENDLESS =
            Comparator.comparing(Duration::isZero).thenComparing(Comparator.naturalOrder());

    private static final Pattern WHOLE = Pattern.compile("(\\d{1,5}(h|m|s|ms)){1,4}");
    private static final Pattern PART = Pattern.compile("(\\d+)(h|ms|m|s)");

    private RouteDurations() {}

    /// Empty when there is none; the API server lets no malformed one in.
    static Optional<Duration> parse(@Nullable String text) {
        if (text == null || !WHOLE.matcher(text).matches()) {
            return Optional.empty();
        }
        var sum = Duration.ZERO;
        var parts = PART.matcher(text);
        while (parts.find()) {
            var number = Long.parseLong(parts.group(1));
            sum =
                    sum.plus(
                            switch (parts.group(2)) {
                                case "h" -> Duration.ofHours(number);
                                case "m" -> Duration.ofMinutes(number);
                                case "s" -> Duration.ofSeconds(number);
                                default -> Duration.ofMillis(number);
                            });
        }
        return Optional.of(sum);
    }
}
