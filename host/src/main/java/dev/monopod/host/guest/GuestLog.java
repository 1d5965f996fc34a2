package dev.monopod.host.guest;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/// The log lines about one guest: twenty at once, and then one a minute; what is left out is
/// counted, and the next line tells how many. What a guest can cause as often as it likes must not
/// fill the host's disk, nor hide what others say. Texts in the arguments become one short line.
public final class GuestLog {
    private static final int BURST = 20;
    private static final Duration INTERVAL = Duration.ofMinutes(1);
    private static final int LONGEST = 2048;

    private final Logger logger;
    private final Budget budget;

    public GuestLog(Logger logger, InstantSource clock) {
        this.logger = logger;
        this.budget = new Budget(BURST, INTERVAL, clock);
    }

    /// @param pattern as the logger's
    public void log(Level level, String pattern, Object... arguments) {
        if (!logger.isEnabledForLevel(level) || !budget.take()) {
            return;
        }
        var refused = budget.refused();
        var told =
                Arrays.stream(arguments)
                        .map(argument -> GuestWords.line(String.valueOf(argument), LONGEST))
                        .toArray();
        var line = logger.atLevel(level);
        if (refused == 0) {
            line.log(pattern, told);
        } else {
            line.log(pattern + " (" + refused + " lines about this guest were left out)", told);
        }
    }
}
