package dev.monopod.logging.parse;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.Month;
import java.time.ZoneOffset;
import java.time.format.TextStyle;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// Reads times as `strptime` does, with Fluent Bit's `%L` for a fraction of a second. Thread-safe.
/// Source: strptime(3); Fluent Bit's manual, "Configuring parser".
public final class TimeFormat {
    private static final String SERVED = "YmdeHMSLzZbBhaAyTDFRIpsnt%";

    private final String format;
    private final ZoneOffset offset;

    private TimeFormat(String format, ZoneOffset offset) {
        this.format = format;
        this.offset = offset;
    }

    /// @param offset of times that name none
    /// @throws IllegalArgumentException for a specifier that is not served
    public static TimeFormat of(String format, ZoneOffset offset) {
        var whole =
                format.replace("%T", "%H:%M:%S")
                        .replace("%D", "%m/%d/%y")
                        .replace("%F", "%Y-%m-%d")
                        .replace("%R", "%H:%M");
        for (var at = whole.indexOf('%'); at >= 0; at = whole.indexOf('%', at + 2)) {
            if (at + 1 >= whole.length() || SERVED.indexOf(whole.charAt(at + 1)) < 0) {
                throw new IllegalArgumentException(
                        "'%s' is not served"
                                .formatted(whole.substring(at, Math.min(at + 2, whole.length()))));
            }
        }
        return new TimeFormat(whole, offset);
    }

    /// Empty for a text that is not of this format. What follows the format does not count.
    ///
    /// @param about when it was: gives the year that a format without one means
    public Optional<Instant> parse(String text, Instant about) {
        var reading = new Reading(text, about.atOffset(offset).getYear(), offset);
        try {
            for (var at = 0; at < format.length(); at++) {
                var sign = format.charAt(at);
                if (sign == '%') {
                    reading.field(format.charAt(++at));
                } else if (Character.isWhitespace(sign)) {
                    reading.blanks();
                } else {
                    reading.literal(sign);
                }
            }
            return Optional.of(reading.instant());
        } catch (DateTimeException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /// One text on its way; a field that is not there throws.
    private static final class Reading {
        private final String text;
        private int at;
        private int year;
        private int month = 1;
        private int day = 1;
        private int hour;
        private int minute;
        private int second;
        private int nanos;
        private boolean afternoon;
        private boolean halves;
        private ZoneOffset offset;
        private Optional<Instant> epoch = Optional.empty();

        private Reading(String text, int year, ZoneOffset offset) {
            this.text = text;
            this.year = year;
            this.offset = offset;
        }

        private void field(char specifier) {
            switch (specifier) {
                case 'Y' -> year = number(4);
                case 'y' -> {
                    var two = number(2);
                    year = two + (two < 69 ? 2000 : 1900);
                }
                case 'm' -> month = number(2);
                case 'd', 'e' -> {
                    blanks();
                    day = number(2);
                }
                case 'H', 'I' -> hour = number(2);
                case 'M' -> minute = number(2);
                case 'S' -> second = Math.min(59, number(2));
                case 'L' -> fraction();
                case 'z' -> zone();
                case 'Z', 'a', 'A' -> word();
                case 'b', 'B', 'h' -> month = monthNamed(word());
                case 'p' -> {
                    halves = true;
                    afternoon = word().equalsIgnoreCase("PM");
                }
                case 's' -> epoch = Optional.of(Instant.ofEpochSecond(seconds()));
                case 'n', 't' -> blanks();
                default -> literal(specifier);
            }
        }

        private void literal(char expected) {
            if (at >= text.length() || text.charAt(at) != expected) {
                throw new DateTimeException("no " + expected);
            }
            at++;
        }

        private void blanks() {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
        }

        private String digits(int most) {
            var from = at;
            while (at < text.length() && at - from < most && isDigit(text.charAt(at))) {
                at++;
            }
            return text.substring(from, at);
        }

        private static boolean isDigit(char sign) {
            return sign >= '0' && sign <= '9';
        }

        private int number(int most) {
            return Integer.parseInt(digits(most));
        }

        private long seconds() {
            return Long.parseLong(digits(12));
        }

        private void fraction() {
            var digits = digits(9);
            nanos = Integer.parseInt((digits + "000000000").substring(0, 9));
            digits(9);
        }

        private void zone() {
            if (at < text.length() && text.charAt(at) == 'Z') {
                at++;
                offset = ZoneOffset.UTC;
                return;
            }
            var sign = at < text.length() ? text.charAt(at) : ' ';
            if (sign != '+' && sign != '-') {
                throw new DateTimeException("no zone");
            }
            at++;
            var hours = number(2);
            if (at < text.length() && text.charAt(at) == ':') {
                at++;
            }
            var minutes = number(2);
            offset = ZoneOffset.ofTotalSeconds((sign == '-' ? -60 : 60) * (hours * 60 + minutes));
        }

        private String word() {
            var from = at;
            while (at < text.length() && Character.isLetter(text.charAt(at))) {
                at++;
            }
            if (from == at) {
                throw new DateTimeException("no word");
            }
            return text.substring(from, at);
        }

        private static int monthNamed(String name) {
            return Arrays.stream(Month.values())
                    .filter(month ->
                            name.length() >= 3
                                    && month.getDisplayName(TextStyle.FULL, Locale.ENGLISH)
                                            .toLowerCase(Locale.ROOT)
                                            .startsWith(name.toLowerCase(Locale.ROOT)))
                    .findFirst()
                    .orElseThrow(() -> new DateTimeException("no month"))
                    .getValue();
        }

        private Instant instant() {
            if (epoch.isPresent()) {
                return epoch.get().plusNanos(nanos);
            }
            var clock = halves ? hour % 12 + (afternoon ? 12 : 0) : hour;
            return LocalDateTime.of(year, month, day, clock, minute, second, nanos)
                    .toInstant(offset);
        }
    }
}
