package dev.monopod.agent.pod;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// Linux signal numbers by name.
final class Signals {
    static final int KILL = 9;
    static final int TERM = 15;

    private static final Map<String, Integer> NUMBERS =
            Map.ofEntries(
                    Map.entry("HUP", 1),
                    Map.entry("INT", 2),
                    Map.entry("QUIT", 3),
                    Map.entry("ABRT", 6),
                    Map.entry("KILL", KILL),
                    Map.entry("USR1", 10),
                    Map.entry("USR2", 12),
                    Map.entry("PIPE", 13),
                    Map.entry("ALRM", 14),
                    Map.entry("TERM", TERM),
                    Map.entry("STKFLT", 16),
                    Map.entry("CHLD", 17),
                    Map.entry("CONT", 18),
                    Map.entry("STOP", 19),
                    Map.entry("TSTP", 20),
                    Map.entry("WINCH", 28),
                    Map.entry("PWR", 30));

    private Signals() {}

    /// A stop signal as images write it (`SIGTERM`, `TERM`, `15`, `SIGRTMIN+3`); SIGTERM when it
    /// is absent or unknown.
    static int parse(Optional<String> text) {
        if (text.isEmpty() || text.get().isBlank()) {
            return TERM;
        }
        String name = text.get().strip().toUpperCase(Locale.ROOT);
        if (name.chars().allMatch(Character::isDigit) && name.length() <= 2) {
            return Integer.parseInt(name);
        }
        String bare = name.startsWith("SIG") ? name.substring(3) : name;
        if (bare.matches("RTMIN(\\+\\d{1,2})?")) {
            return 34 + (bare.length() > 6 ? Integer.parseInt(bare.substring(6)) : 0);
        }
        return NUMBERS.getOrDefault(bare, TERM);
    }
}
