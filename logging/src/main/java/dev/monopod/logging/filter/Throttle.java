package dev.monopod.logging.filter;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.record.LogRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/// Drops what exceeds a rate, averaged over the last intervals. Source: Fluent Bit's manual,
/// "Throttle". Of one thread.
final class Throttle implements Filter {
    private static final Pattern TIME = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)([smhd])");

    private final double rate;
    private final long intervalMillis;
    private final long[] counts;
    private long latest = Long.MIN_VALUE;

    private Throttle(double rate, int window, Duration interval) {
        this.rate = rate;
        this.intervalMillis = interval.toMillis();
        this.counts = new long[window];
    }

    static Filter read(Parameters parameters) {
        var rate = 1.0;
        for (var pair : parameters.pairs("Rate")) {
            if (pair.value().matches("[0-9]{1,9}(\\.[0-9]{1,6})?")) {
                rate = Double.parseDouble(pair.value());
            } else {
                parameters.wrong(pair, "write a number");
            }
        }
        var interval = Duration.ofSeconds(1);
        for (var pair : parameters.pairs("Interval")) {
            var read = duration(pair.value());
            if (read.isEmpty()) {
                parameters.wrong(pair, "write a time such as 1s, 1.5m, 1h or 1d");
            }
            interval = read.orElse(interval);
        }
        var window = parameters.number("Window", 5);
        if (window < 1 || window > 10_000) {
            parameters.wrong("throttle has a Window of " + window, "write 1 to 10000");
            window = 1;
        }
        parameters.ignore("Print_Status");
        return new Throttle(rate, window, interval);
    }

    private static Optional<Duration> duration(String text) {
        var matcher = TIME.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        var unit =
                switch (matcher.group(2)) {
                    case "s" -> 1_000;
                    case "m" -> 60_000;
                    case "h" -> 3_600_000;
                    default -> 86_400_000;
                };
        var millis = Math.round(Double.parseDouble(matcher.group(1)) * unit);
        return millis < 1 ? Optional.empty() : Optional.of(Duration.ofMillis(millis));
    }

    @Override
    public Result apply(LogRecord record, Instant now) {
        var interval = now.toEpochMilli() / intervalMillis;
        forget(interval);
        if (Arrays.stream(counts).sum() / (double) counts.length >= rate) {
            return Result.DROPPED;
        }
        counts[(int) (interval % counts.length)]++;
        return Result.of(record);
    }

    /// Intervals that the window has left behind.
    private void forget(long interval) {
        if (latest == Long.MIN_VALUE || interval - latest >= counts.length) {
            Arrays.fill(counts, 0);
        } else {
            for (var passed = latest + 1; passed <= interval; passed++) {
                counts[(int) (passed % counts.length)] = 0;
            }
        }
        latest = Math.max(latest, interval);
    }
}
