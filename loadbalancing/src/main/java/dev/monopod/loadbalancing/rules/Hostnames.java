package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.RequestMatch.Depth;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

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

    /// The same for the name that a TLS connection asks for.
    static List<RequestMatch> sni(String name) {
        if (name.isEmpty()) {
            return List.of();
        }
        return List.of(
                wildcard(name)
                        ? new RequestMatch.SniBelow(name.substring(1))
                        : new RequestMatch.Sni(name));
    }

    /// Hostnames that are taken.
    static final class Names {
        private final Set<String> all = new HashSet<>();

        /// All domains that a taken name is below.
        private final Set<String> above = new HashSet<>();

        void add(String name) {
            all.add(name);
            above.addAll(domains(name));
        }

        /// Whether a host can have this name and a taken one.
        boolean overlap(String name) {
            if (name.isEmpty() || all.contains("")) {
                return !all.isEmpty();
            }
            return all.contains(name)
                    || domains(name).stream().anyMatch(domain -> all.contains("*." + domain))
                    || wildcard(name) && above.contains(name.substring(2));
        }

        /// `a.b.c`: `b.c`, `c`.
        private static List<String> domains(String name) {
            List<String> domains = new ArrayList<>();
            for (var dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
                domains.add(name.substring(dot + 1));
            }
            return domains;
        }
    }
}
