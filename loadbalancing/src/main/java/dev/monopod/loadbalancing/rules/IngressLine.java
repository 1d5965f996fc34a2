package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.RequestMatch.Depth;
import io.fabric8.kubernetes.api.model.networking.v1.HTTPIngressPath;
import io.fabric8.kubernetes.api.model.networking.v1.IngressBackend;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// One path of an Ingress, with the host of its rule.
///
/// @param host in lower case; empty: any
record IngressLine(String host, HTTPIngressPath path) {
    /// Exact names before wildcards before none; exact paths before prefixes, longest first.
    static final Comparator<IngressLine> ORDER =
            Comparator.comparingInt(IngressLine::hostRank)
                    .thenComparingInt(IngressLine::pathRank)
                    .thenComparingInt(IngressLine::length);

    /// As ALBs take them; more would cost every request, also those of others.
    private static final int LONGEST_PATH = 1_024;

    private static final int MOST_WILDCARDS = 5;

    IngressBackend backend() {
        return path.getBackend();
    }

    /// What the rule itself asks of a request, and what an annotation adds.
    List<RequestMatch> matches(IngressConditions added) {
        Bounds.hold("spec.rules.host: characters", host.length(), Bounds.LONGEST_TEXT);
        Bounds.hold("spec.rules.http.paths.path: characters", text().length(), LONGEST_PATH);
        return added.with(hostMatch(), pathMatch(), patterns());
    }

    /// How many patterns an ALB has for this host and this path.
    private int patterns() {
        var prefix = path.getPathType().equals("Prefix") && !text().equals("/");
        return (host.isEmpty() ? 0 : 1) + (prefix ? 2 : 1);
    }

    private Optional<RequestMatch> hostMatch() {
        if (host.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                host.startsWith("*.")
                        ? new RequestMatch.HostBelow(host.substring(1), Depth.ONE_LABEL)
                        : new RequestMatch.Host(host));
    }

    private RequestMatch pathMatch() {
        return switch (path.getPathType()) {
            case "Exact" -> new RequestMatch.PathExact(text());
            case "Prefix" -> new RequestMatch.PathPrefix(text());
            default -> {
                Bounds.hold(
                        "spec.rules.http.paths.path: wildcards of \"%s\""
                                .formatted(Readable.text(text())),
                        (int) text().chars().filter(sign -> sign == '*').count(),
                        MOST_WILDCARDS);
                yield IngressConditions.path(text());
            }
        };
    }

    private int hostRank() {
        return host.isEmpty() ? 2 : host.startsWith("*.") ? 1 : 0;
    }

    private int pathRank() {
        return switch (path.getPathType()) {
            case "Exact" -> 0;
            case "Prefix" -> 1;
            default -> 2;
        };
    }

    private int length() {
        return path.getPathType().equals("Prefix") ? -text().length() : 0;
    }

    private String text() {
        return Objects.requireNonNullElse(path.getPath(), "/");
    }
}
