package dev.monopod.model.loadbalancing;

import dev.monopod.model.loadbalancing.Backend.Behaviour;
import dev.monopod.model.loadbalancing.Backend.ProxyProtocol;
import dev.monopod.model.loadbalancing.GatewayPlan.State;
import dev.monopod.model.loadbalancing.HttpChange.Direction;
import dev.monopod.model.loadbalancing.RequestMatch.Comparison;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPBackendRef;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPHeaderFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPPathModifier;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRule;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/// The rules of one HTTPRoute, with the back ends that they lead to.
final class RouteRules {
    private static final String GROUP = "gateway.networking.k8s.io";
    private static final int FOUND = 302;
    private static final int ERROR = 500;
    private static final int THOUSAND = 1000;
    private static final int DRAIN_SECONDS = 300;

    private final Inventory inventory;
    private final Grants grants;
    private final HTTPRoute route;

    RouteRules(Inventory inventory, Grants grants, HTTPRoute route) {
        this.inventory = inventory;
        this.grants = grants;
        this.route = route;
    }

    /// One match of one rule, before it is put in order.
    ///
    /// @param hostname most specific name that route and listener share
    record Line(String hostname, HTTPRoute route, int rule, HTTPRouteMatch match, Backend backend) {
        /// The order that the Gateway API prescribes.
        static final Comparator<Line> ORDER =
                Comparator.comparing(Line::hostname, Hostnames.ORDER)
                        .thenComparingInt(Line::pathRank)
                        .thenComparingInt(line -> -line.path().length())
                        .thenComparingInt(line -> line.match.getMethod() == null ? 1 : 0)
                        .thenComparingInt(line -> -line.match.getHeaders().size())
                        .thenComparingInt(line -> -line.match.getQueryParams().size())
                        .thenComparing(
                                line -> line.route.getMetadata().getCreationTimestamp(),
                                Comparator.nullsLast(Comparator.naturalOrder()))
                        .thenComparing(line -> RouteRules.key(line.route))
                        .thenComparingInt(Line::rule);

        private int pathRank() {
            return switch (pathType(match)) {
                case "Exact" -> 0;
                case "RegularExpression" -> 1;
                default -> 2;
            };
        }

        private String path() {
            return RouteRules.path(match);
        }

        Listener.Rule asRule() {
            List<RequestMatch> all = new ArrayList<>(Hostnames.match(hostname));
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
            return new Listener.Rule(all, backend.name());
        }

        private static Comparison comparison(@org.jspecify.annotations.Nullable String type) {
            return "RegularExpression".equals(type) ? Comparison.EXPRESSION : Comparison.EXACT;
        }
    }

    static String key(HTTPRoute route) {
        return route.getMetadata().getNamespace() + "/" + route.getMetadata().getName();
    }

    private static String pathType(HTTPRouteMatch match) {
        return match.getPath() == null || match.getPath().getType() == null
                ? "PathPrefix"
                : match.getPath().getType();
    }

    private static String path(HTTPRouteMatch match) {
        return match.getPath() == null || match.getPath().getValue() == null
                ? "/"
                : match.getPath().getValue();
    }

    /// @param listener port and protocol decide where redirects lead
    List<Line> lines(String hostname, GatewayListeners.Judged listener) {
        List<Line> lines = new ArrayList<>();
        var rules = route.getSpec().getRules();
        for (int number = 0; number < rules.size(); number++) {
            var rule = rules.get(number);
            var matches =
                    rule.getMatches() == null || rule.getMatches().isEmpty()
                            ? List.of(new HTTPRouteMatch())
                            : rule.getMatches();
            for (var match : matches) {
                lines.add(
                        new Line(
                                hostname,
                                route,
                                number,
                                match,
                                backend(rule, number, match, listener)));
            }
        }
        return lines;
    }

    private Backend backend(
            HTTPRouteRule rule,
            int number,
            HTTPRouteMatch match,
            GatewayListeners.Judged listener) {
        List<HttpChange> changes = new ArrayList<>();
        Optional<Behaviour> redirect = Optional.empty();
        var filters = Objects.requireNonNullElse(rule.getFilters(), List.<HTTPRouteFilter>of());
        for (var filter : filters) {
            switch (filter.getType()) {
                case "RequestHeaderModifier" ->
                        headers(filter.getRequestHeaderModifier(), Direction.REQUEST, changes);
                case "ResponseHeaderModifier" ->
                        headers(filter.getResponseHeaderModifier(), Direction.RESPONSE, changes);
                case "URLRewrite" -> {
                    var rewrite = filter.getUrlRewrite();
                    path(rewrite.getPath(), match, changes);
                    if (rewrite.getHostname() != null) {
                        changes.add(
                                new HttpChange.SetHeader(
                                        Direction.REQUEST, "Host", rewrite.getHostname()));
                    }
                }
                case "RequestRedirect" -> {
                    path(filter.getRequestRedirect().getPath(), match, changes);
                    redirect = Optional.of(redirect(filter, listener));
                }
                default -> {
                    // Told in the route's status; without it the request must not go through.
                    redirect = Optional.of(new Behaviour.Answer(ERROR));
                }
            }
        }
        var behaviour = redirect.orElseGet(() -> pool(rule));
        return new Backend(
                "r-" + Digest.of(key(route) + "|" + number + "|" + changes + "|" + redirect),
                changes,
                behaviour);
    }

    private static void headers(
            HTTPHeaderFilter filter, Direction direction, List<HttpChange> changes) {
        filter.getSet()
                .forEach(header ->
                        changes.add(
                                new HttpChange.SetHeader(
                                        direction, header.getName(), header.getValue())));
        filter.getAdd()
                .forEach(header ->
                        changes.add(
                                new HttpChange.AddHeader(
                                        direction, header.getName(), header.getValue())));
        filter.getRemove()
                .forEach(name -> changes.add(new HttpChange.RemoveHeader(direction, name)));
    }

    private static void path(
            @org.jspecify.annotations.Nullable HTTPPathModifier modifier,
            HTTPRouteMatch match,
            List<HttpChange> changes) {
        if (modifier == null) {
            return;
        }
        if ("ReplaceFullPath".equals(modifier.getType())) {
            changes.add(new HttpChange.ReplacePath(modifier.getReplaceFullPath()));
        } else {
            changes.add(
                    new HttpChange.ReplacePrefix(path(match), modifier.getReplacePrefixMatch()));
        }
    }

    private static Behaviour redirect(HTTPRouteFilter filter, GatewayListeners.Judged listener) {
        var wanted = filter.getRequestRedirect();
        var scheme = Objects.requireNonNullElse(wanted.getScheme(), "");
        var encrypted =
                scheme.isEmpty()
                        ? listener.protocol().filter(Listener.Protocol::encrypted).isPresent()
                        : scheme.equals("https");
        // A scheme of its own brings its usual port, else the listener's stays.
        var port =
                wanted.getPort() != null
                        ? wanted.getPort()
                        : scheme.isEmpty() ? listener.spec().getPort() : encrypted ? 443 : 80;
        var usual = port == (encrypted ? 443 : 80);
        return new Behaviour.Redirect(
                Objects.requireNonNullElse(wanted.getStatusCode(), FOUND),
                scheme,
                Objects.requireNonNullElse(wanted.getHostname(), ""),
                usual ? "" : String.valueOf(port));
    }

    private Behaviour pool(HTTPRouteRule rule) {
        var references =
                Objects.requireNonNullElse(rule.getBackendRefs(), List.<HTTPBackendRef>of());
        var shares = new TreeMap<String, Target>();
        long total = 0;
        long faulty = 0;
        for (var reference : references) {
            int weight = Objects.requireNonNullElse(reference.getWeight(), 1);
            total += weight;
            if (problem(reference).isPresent()) {
                faulty += weight;
            }
        }
        if (total == 0 || faulty == total) {
            return new Behaviour.Answer(ERROR);
        }
        // Each target's share of its Service's weight; the greatest becomes HAProxy's greatest.
        double greatest = 0;
        for (var reference : references) {
            greatest = Math.max(greatest, share(reference, targets(reference)));
        }
        for (var reference : references) {
            var targets = targets(reference);
            var share = share(reference, targets);
            if (share > 0) {
                int weight = (int) Math.max(1, Math.round(share / greatest * Target.MOST_WEIGHT));
                for (var target : targets) {
                    shares.merge(
                            target.name(),
                            new Target(target.address(), target.port(), weight, target.state()),
                            (one, other) ->
                                    new Target(
                                            one.address(),
                                            one.port(),
                                            Math.min(
                                                    Target.MOST_WEIGHT,
                                                    one.weight() + other.weight()),
                                            one.state()));
                }
            }
        }
        return new Behaviour.Pool(
                List.copyOf(shares.values()),
                HealthCheck.CONNECTION,
                Optional.empty(),
                ProxyProtocol.NONE,
                DRAIN_SECONDS,
                (int) (faulty * THOUSAND / total));
    }

    private static double share(HTTPBackendRef reference, List<Target> targets) {
        var ready = targets.stream().filter(each -> each.state() == Target.State.READY).count();
        return ready == 0
                ? 0
                : (double) Objects.requireNonNullElse(reference.getWeight(), 1) / ready;
    }

    private List<Target> targets(HTTPBackendRef reference) {
        if (problem(reference).isPresent()) {
            return List.of();
        }
        var namespace = namespace(reference);
        return inventory
                .service(namespace, reference.getName())
                .flatMap(service -> Endpoints.port(service, new IntOrString(reference.getPort())))
                .map(port ->
                        Endpoints.of(
                                port,
                                inventory.slices(namespace, reference.getName()),
                                inventory::gatedPod))
                .orElse(List.of());
    }

    private String namespace(HTTPBackendRef reference) {
        return Objects.requireNonNullElse(
                reference.getNamespace(), route.getMetadata().getNamespace());
    }

    /// Whether all that the route refers to is there and allowed.
    State resolved() {
        return route.getSpec().getRules().stream()
                .flatMap(rule ->
                        Objects.requireNonNullElse(rule.getBackendRefs(), List.<HTTPBackendRef>of())
                                .stream())
                .map(this::problem)
                .flatMap(Optional::stream)
                .findFirst()
                .orElse(State.yes("ResolvedRefs", "ResolvedRefs"));
    }

    private Optional<State> problem(HTTPBackendRef reference) {
        var namespace = namespace(reference);
        var id = namespace + "/" + reference.getName();
        var isService =
                Objects.requireNonNullElse(reference.getGroup(), "").isEmpty()
                        && Objects.requireNonNullElse(reference.getKind(), "Service")
                                .equals("Service");
        if (!isService) {
            return problem("InvalidKind", reference.getKind() + " " + id + " is no Service");
        }
        if (!grants.allow(
                new Grants.From(GROUP, "HTTPRoute", route.getMetadata().getNamespace()),
                new Grants.To("", "Service", namespace, reference.getName()))) {
            return problem("RefNotPermitted", "no ReferenceGrant allows Service " + id);
        }
        var service = inventory.service(namespace, reference.getName());
        if (service.isEmpty()) {
            return problem("BackendNotFound", "there is no Service " + id);
        }
        return reference.getPort() != null
                        && Endpoints.port(service.get(), new IntOrString(reference.getPort()))
                                .isPresent()
                ? Optional.empty()
                : problem(
                        "BackendNotFound", "Service " + id + " has no port " + reference.getPort());
    }

    private static Optional<State> problem(String reason, String message) {
        return Optional.of(State.no("ResolvedRefs", reason, message));
    }
}
