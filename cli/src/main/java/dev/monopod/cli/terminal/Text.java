package dev.monopod.cli.terminal;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/// Values as tables show them.
public final class Text {
    private Text() {}

    /// `-` for what is not there.
    public static String of(@Nullable Object value) {
        return value == null || value.toString().isEmpty() ? "-" : value.toString();
    }

    /// `42s`, `3m`, `5h`, `2d`; `-` without a timestamp. A clock that runs behind makes it `0s`.
    public static String age(@Nullable String timestamp, Clock clock) {
        if (timestamp == null) {
            return "-";
        }
        Instant moment;
        try {
            moment = Instant.parse(timestamp);
        } catch (DateTimeParseException e) {
            // A host writes what it likes: the others are shown all the same.
            return "?";
        }
        var age = Duration.between(moment, clock.instant());
        if (age.toSeconds() < 120) {
            return Math.max(0, age.toSeconds()) + "s";
        }
        if (age.toMinutes() < 120) {
            return age.toMinutes() + "m";
        }
        return age.toHours() < 48 ? age.toHours() + "h" : age.toDays() + "d";
    }
}
