package dev.monopod.eks.signature;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// When a request was signed, to the second.
record SignedTime(Instant instant) {
    /// How far the clock of a client may be off, and how long a request may be on its way.
    static final Duration SKEW = Duration.ofMinutes(15);

    private static final DateTimeFormatter BASIC =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    /// Of `x-amz-date`, such as `20261128T164502Z`; nothing else will do.
    static SignedTime basic(String text) throws RefusedException {
        return read(text, BASIC);
    }

    /// Of the header `Date`: as above, or as HTTP writes it.
    static SignedTime ofDate(String text) throws RefusedException {
        return text.indexOf(' ') < 0
                ? basic(text)
                : read(text, DateTimeFormatter.RFC_1123_DATE_TIME);
    }

    private static SignedTime read(String text, DateTimeFormatter format) throws RefusedException {
        try {
            return new SignedTime(format.parse(text, Instant::from));
        } catch (DateTimeException unreadable) {
            throw new RefusedException(
                    Fault.INCOMPLETE,
                    "Date must be in ISO-8601 'basic format'. Got '%s'. See"
                                    .formatted(Quoted.of(text))
                            + " http://en.wikipedia.org/wiki/ISO_8601");
        }
    }

    String basic() {
        return BASIC.format(instant);
    }

    /// The day, as a credential's scope has it.
    String day() {
        return basic().substring(0, 8);
    }

    void checkNear(Instant now) throws RefusedException {
        if (instant.isBefore(now.minus(SKEW))) {
            throw new RefusedException(
                    Fault.MISMATCH,
                    "Signature expired: %s is now earlier than %s (%s - 15 min.)"
                            .formatted(basic(), text(now.minus(SKEW)), text(now)));
        }
        if (instant.isAfter(now.plus(SKEW))) {
            throw new RefusedException(
                    Fault.MISMATCH,
                    "Signature not yet current: %s is still later than %s (%s + 15 min.)"
                            .formatted(basic(), text(now.plus(SKEW)), text(now)));
        }
    }

    private static String text(Instant instant) {
        return new SignedTime(instant).basic();
    }
}
