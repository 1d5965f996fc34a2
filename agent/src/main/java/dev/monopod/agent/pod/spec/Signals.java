package dev.monopod.agent.pod.spec;

import dev.monopod.host.image.ImageStore.ImageConfig;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Lifecycle;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// Linux signal numbers by name.
public final class Signals {
    public static final int KILL = 9;
    static final int TERM = 15;
    private static final int FIRST_REAL_TIME = 34;
    private static final int LAST_REAL_TIME = 64;

    private static final Map<String, Integer> NUMBERS =
            Map.ofEntries(
                    Map.entry("HUP", 1),
                    Map.entry("INT", 2),
                    Map.entry("QUIT", 3),
                    Map.entry("ILL", 4),
                    Map.entry("TRAP", 5),
                    Map.entry("ABRT", 6),
                    Map.entry("BUS", 7),
                    Map.entry("FPE", 8),
                    Map.entry("KILL", KILL),
                    Map.entry("USR1", 10),
                    Map.entry("SEGV", 11),
                    Map.entry("USR2", 12),
                    Map.entry("PIPE", 13),
                    Map.entry("ALRM", 14),
                    Map.entry("TERM", TERM),
                    Map.entry("STKFLT", 16),
                    Map.entry("CHLD", 17),
                    Map.entry("CONT", 18),
                    Map.entry("STOP", 19),
                    Map.entry("TSTP", 20),
                    Map.entry("TTIN", 21),
                    Map.entry("TTOU", 22),
                    Map.entry("URG", 23),
                    Map.entry("XCPU", 24),
                    Map.entry("XFSZ", 25),
                    Map.entry("VTALRM", 26),
                    Map.entry("PROF", 27),
                    Map.entry("WINCH", 28),
                    Map.entry("IO", 29),
                    Map.entry("PWR", 30),
                    Map.entry("SYS", 31));

    private Signals() {}

    /// By which a container is asked to end: its own setting over that of its image.
    public static int of(Container spec, ImageConfig image) {
        return Optional.ofNullable(spec.getLifecycle())
                .map(Lifecycle::getStopSignal)
                .map(own -> parse(Optional.of(own)))
                .orElseGet(() -> parse(image.stopSignal()));
    }

    /// As `status.containerStatuses[].stopSignal` names it.
    public static String name(int number) {
        if (number >= FIRST_REAL_TIME) {
            return "SIGRTMIN" + (number == FIRST_REAL_TIME ? "" : "+" + (number - FIRST_REAL_TIME));
        }
        return NUMBERS.entrySet().stream()
                .filter(entry -> entry.getValue() == number)
                .map(entry -> "SIG" + entry.getKey())
                .findFirst()
                .orElse("SIGTERM");
    }

    /// A stop signal as images write it (`SIGTERM`, `TERM`, `15`, `SIGRTMIN+3`); SIGTERM when it is
    /// absent or unknown.
    public static int parse(Optional<String> text) {
        if (text.isEmpty() || text.get().isBlank()) {
            return TERM;
        }
        var name = text.get().strip().toUpperCase(Locale.ROOT);
        if (name.chars().allMatch(Character::isDigit) && name.length() <= 2) {
            return Integer.parseInt(name);
        }
        var bare = name.startsWith("SIG") ? name.substring(3) : name;
        if (bare.matches("RTMIN(\\+\\d{1,2})?")) {
            return FIRST_REAL_TIME + (bare.length() > 6 ? Integer.parseInt(bare.substring(6)) : 0);
        }
        if (bare.matches("RTMAX(-\\d{1,2})?")) {
            return LAST_REAL_TIME - (bare.length() > 6 ? Integer.parseInt(bare.substring(6)) : 0);
        }
        return NUMBERS.getOrDefault(bare, TERM);
    }
}
