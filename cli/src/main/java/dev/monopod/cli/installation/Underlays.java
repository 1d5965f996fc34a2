package dev.monopod.cli.installation;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Finds the address of this machine by which others reach it.
public final class Underlays {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Pattern SOURCE = Pattern.compile("\\bsrc ([0-9.]+)");
    private static final Pattern GLOBAL =
            Pattern.compile("(?m)^\\d+: (\\S+)\\s+inet ([0-9.]+)/.* scope global");

    /// No host; which link leads to it is that of the default route. Nothing is sent.
    private static final String FAR_AWAY = "203.0.113.1";

    private Underlays() {}

    /// That of the default route, else the first; empty if there is none but loopback's and
    /// Monopod's own.
    public static Optional<String> usual() {
        var addresses =
                Commands.outputIfAny(LIMIT, "ip", "-4", "-o", "address", "show", "scope", "global");
        var all = global(addresses);
        return toward(FAR_AWAY).filter(all::contains).or(() -> all.stream().findFirst());
    }

    /// The one with which this machine speaks to that address.
    public static Optional<String> toward(String address) {
        var found =
                SOURCE.matcher(
                        Commands.outputIfAny(LIMIT, "ip", "-4", "-o", "route", "get", address));
        return found.find() ? Optional.of(found.group(1)) : Optional.empty();
    }

    public static boolean exists(String address) {
        return !Commands.outputIfAny(LIMIT, "ip", "-4", "-o", "address", "show", "to", address)
                .isBlank();
    }

    static List<String> global(String addresses) {
        return GLOBAL.matcher(addresses)
                .results()
                .filter(line -> !line.group(1).startsWith("mp-"))
                .map(line -> line.group(2))
                .toList();
    }
}
