package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.GatewayPlan.State;
import dev.monopod.loadbalancing.rules.RequestMatch.Comparison;
import dev.monopod.loadbalancing.rules.RouteBackends.Share;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRule;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// The rules of one route, with the back ends that they lead to.
final class RouteRules {
    private final Route route;
    private final RouteBackends backends;

    RouteRules(Inventory inventory, Endpoints endpoints, Grants grants, Route route) {
        this.route = route;
        this.backends = new RouteBackends(inventory, endpoints, grants, route);
    }

    /// One match of one rule, before it is put in order.
    ///
    /// @param hostname most specific name that route and listener share
    record Line(String hostname, Route route, int rule, HTTPRouteMatch match, List<Share> shares) {
        Line {
            shares = List.copyOf(shares);
        }

        /// The order that the Gateway API prescribes.
        static final Comparator<Line> ORDER =
                Comparator.comparing(Line::hostname, Hostnames.ORDER)
                        .thenComparingInt(Line::pathRank)
                        .thenComparingInt(line -> -line.path().length())
                        .thenComparingInt(line -> line.match.getMethod() == null ? 1 : 0)
                        .thenComparingInt(line -> -line.match.getHeaders().size())
                        .thenComparingInt(line -> -line.match.getQueryParams().size())
                        .thenComparing(Line::route, Route.AGE)
                        .thenComparingInt(Line::rule);

        /// A GRPCRoute's path is a service and a method; a service counts for more than a method of
        /// any service, which is an expression here.
        private int pathRank() {
            return switch (pathType(match)) {
                case "Exact" -> 0;
                case "RegularExpression" -> route.kind() == RouteKind.GRPC ? 2 : 1;
                default -> route.kind() == RouteKind.GRPC && !path().equals("/") ? 1 : 3;
            };
        }

        private String path() {
            return RouteRules.path(match);
        }

        /// One for each share, in their order: the first that holds takes the request.
        List<Listener.Rule> asRules() {
            return shares.stream().map(this::asRule).toList();
        }

        private Listener.Rule asRule(Share share) {
            List<RequestMatch> all =
                    new ArrayList<>(
                            route.kind() == RouteKind.TLS
                                    ? Hostnames.sni(hostname)
                                    : Hostnames.match(hostname));
            switch (pathType(match)) {
                case "Exact" -> all.add(new RequestMatch.PathExact(path()));
                case "RegularExpression" -> all.add(new RequestMatch.PathExpression(path()));
                default -> {
                    if (!path().equals("/")) {
                        all.add(new RequestMatch.PathPrefix(path()));
                    }
                }
            }
            match.getHeaders()
                    .forEach(header ->
                            all.add(
                                    new RequestMatch.Header(
                                            header.getName(),
                                            header.getValue(),
                                            comparison(header.getType()))));
            match.getQueryParams()
                    .forEach(parameter ->
                            all.add(
                                    new RequestMatch.Query(
                                            parameter.getName(),
                                            parameter.getValue(),
                                            comparison(parameter.getType()))));
            if (match.getMethod() != null) {
                all.add(new RequestMatch.Method(match.getMethod()));
            }
            all.addAll(share.chance());
            return new Listener.Rule(all, share.backend().name());
        }

        private static Comparison comparison(@org.jspecify.annotations.Nullable String type) {
            return "RegularExpression".equals(type) ? Comparison.EXPRESSION : Comparison.EXACT;
        }
    }

    private static String pathType(HTTPRouteMatch match) {
        return match.getPath() == null || match.getPath().getType() == null
                ? "PathPrefix"
                : match.getPath().getType();
    }

    static String path(HTTPRouteMatch match) {
        return match.getPath() == null || match.getPath().getValue() == null
                ? "/"
                : match.getPath().getValue();
    }

    /// Reads what users may write as they like.
    ///
    /// @throws Annotations.BadAnnotation when it can't be served
    private static void check(HTTPRouteMatch match) {
        text("path", pathType(match), path(match));
        match.getHeaders()
                .forEach(header ->
                        text("headers", String.valueOf(header.getType()), header.getValue()));
        match.getQueryParams()
                .forEach(parameter ->
                        text(
                                "queryParams",
                                String.valueOf(parameter.getType()),
                                parameter.getValue()));
    }

    private static void text(String part, String type, String value) {
        var field = "spec.rules.matches." + part;
        if (type.equals("RegularExpression")) {
            Expressions.check(field, value);
        }
        Bounds.hold(field + ": characters", value.length(), Bounds.LONGEST_TEXT);
    }

    /// @param listener port and protocol decide where redirects lead
    /// @throws Annotations.BadAnnotation when the route can't be served
    List<Line> lines(String hostname, GatewayListeners.Judged listener) {
        List<Line> lines = new ArrayList<>();
        var rules = route.rules().get();
        for (var number = 0; number < rules.size(); number++) {
            var rule = rules.get(number);
            var matches =
                    rule.getMatches() == null || rule.getMatches().isEmpty()
                            ? List.of(new HTTPRouteMatch())
                            : rule.getMatches();
            for (var match : matches) {
                check(match);
                lines.add(
                        new Line(
                                hostname,
                                route,
                                number,
                                match,
                                backends.shares(rule, number, match, listener)));
            }
        }
        return lines;
    }

    /// Whether all that the route refers to is there and allowed.
    State resolved() {
        return backends.resolved();
    }

    /// Tells of rules with filters that are not served, which answer with 500; empty if there is
    /// none. A route of such rules only is not accepted.
    Optional<State> unsupported() {
        var rules = route.rules().get();
        var bad =
                IntStream.range(0, rules.size())
                        .filter(number -> unsupported(rules.get(number)).isPresent())
                        .boxed()
                        .toList();
        if (bad.isEmpty()) {
            return Optional.empty();
        }
        var message =
                "rule %d answers with 500: filters of type %s are not supported"
                        .formatted(
                                bad.getFirst(),
                                unsupported(rules.get(bad.getFirst())).orElseThrow());
        return Optional.of(
                bad.size() == rules.size()
                        ? State.no("Accepted", "UnsupportedValue", message)
                        : new State(
                                "PartiallyInvalid",
                                GatewayPlan.Truth.TRUE,
                                "UnsupportedValue",
                                "Dropped Rule: " + message));
    }

    private static Optional<String> unsupported(HTTPRouteRule rule) {
        var own = RouteFilters.unsupported(rule.getFilters());
        return own.isPresent() || rule.getBackendRefs() == null
                ? own
                : rule.getBackendRefs().stream()
                        .map(reference -> RouteFilters.unsupported(reference.getFilters()))
                        .flatMap(Optional::stream)
                        .findFirst();
    }
}
