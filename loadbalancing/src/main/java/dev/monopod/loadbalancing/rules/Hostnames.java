package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.RequestMatch.Depth;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Hostnames of the Gateway API: exact, `*.` and a suffix, or empty for any.
final class Hostnames {
    /// The most specific first.
    static final Comparator<String> ORDER =
            Comparator.<String>comparingInt(name -> name.isEmpty() ? 2 : wildcard(name) ? 1 : 0)
                    .thenComparing(Comparator.comparingInt(String::length).reversed());

    private Hostnames() {}

    private static boolean wildcard(String name) {
        return name.startsWith("*.");
    }

    /// The names that both hold for.
    static Optional<String> intersection(String one, String other) {
        if (one.isEmpty() || one.equals(other)) {
            return Optional.of(other);
        }
        if (other.isEmpty()) {
            return Optional.of(one);
        }
        if (wildcard(one) && other.endsWith(one.substring(1))) {
            return Optional.of(other);
        }
        if (wildcard(other) && one.endsWith(other.substring(1))) {
            return Optional.of(one);
        }
        return Optional.empty();
    }

    /// @param route empty: any
    static List<String> intersections(String listener, List<String> route) {
        if (route.isEmpty()) {
            return List.of(listener);
        }
        List<String> both = new ArrayList<>();
        route.forEach(name -> intersection(listener, name).ifPresent(both::add));
        return both;
    }

    static List<RequestMatch> match(String name) {
        if (name.isEmpty()) {
            return List.of();
        }
        return List.of(
                wildcard(name)
                        ? new RequestMatch.HostBelow(name.substring(1), Depth.ANY)
                        : new RequestMatch.Host(name));
    }
}
