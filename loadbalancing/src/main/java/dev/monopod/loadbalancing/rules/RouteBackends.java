package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.Backend.HttpVersion;
import dev.monopod.loadbalancing.rules.Backend.ProxyProtocol;
import dev.monopod.loadbalancing.rules.Backend.Transport;
import dev.monopod.loadbalancing.rules.GatewayPlan.State;
import dev.monopod.model.names.Digest;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPBackendRef;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRule;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/// Where the rules of one route lead: a back end for each reference, with its share of the
/// requests. So each has its own filters, and one that is broken or empty answers for its own share
/// only.
final class RouteBackends {
    private static final String H2C = "kubernetes.io/h2c";
    private static final int DRAIN_SECONDS = 300;

    private final Inventory inventory;
    private final Endpoints endpoints;
    private final Grants grants;
    private final Route route;

    RouteBackends(Inventory inventory, Endpoints endpoints, Grants grants, Route route) {
        this.inventory = inventory;
        this.endpoints = endpoints;
        this.grants = grants;
        this.route = route;
    }

    /// A back end, and which of the requests lead to it if they led to none before.
    ///
    /// @param chance empty: all
    record Share(Backend backend, List<RequestMatch> chance) {
        Share {
            chance = List.copyOf(chance);
        }
    }

    /// @param number of the rule, from 0
    List<Share> shares(
            HTTPRouteRule rule,
            int number,
            HTTPRouteMatch match,
            GatewayListeners.Judged listener) {
        var common = RouteFilters.of(rule.getFilters(), match, listener);
        var references = references(rule).filter(each -> weight(each) > 0).toList();
        if (common.answer().isPresent() || references.isEmpty()) {
            var behaviour = common.answer().orElseGet(this::error);
            return List.of(
                    new Share(
                            backend(number + "|" + behaviour, common.changes(), behaviour),
                            List.of()));
        }
        var total = references.stream().mapToLong(RouteBackends::weight).sum();
        long sum = 0;
        List<Share> shares = new ArrayList<>();
        for (var reference : references) {
            sum += weight(reference);
            var own = RouteFilters.of(reference.getFilters(), match, listener);
            var changes = new ArrayList<>(common.changes());
            changes.addAll(own.changes());
            var backend =
                    backend(
                            number + "|" + shares.size() + "|" + own.answer(),
                            changes,
                            own.answer().orElseGet(() -> behaviour(rule, reference)));
            shares.add(new Share(backend, RequestMatch.Chance.upTo(sum, total)));
        }
        return shares;
    }

    private static Stream<HTTPBackendRef> references(HTTPRouteRule rule) {
        return Objects.requireNonNullElse(rule.getBackendRefs(), List.<HTTPBackendRef>of())
                .stream();
    }

    private static long weight(HTTPBackendRef reference) {
        return Objects.requireNonNullElse(reference.getWeight(), 1);
    }

    /// @param place what tells it from the route's others with the same changes
    private Backend backend(String place, List<HttpChange> changes, Behaviour behaviour) {
        return new Backend(
                "r-" + Digest.of(route.kind() + "|" + route.key() + "|" + place + "|" + changes),
                changes,
                behaviour);
    }

    private Behaviour behaviour(HTTPRouteRule rule, HTTPBackendRef reference) {
        if (broken(reference).isPresent()) {
            return error();
        }
        var port = port(reference).orElseThrow();
        return new Behaviour.Pool(
                endpoints.of(namespace(reference), reference.getName(), port).targets(),
                HealthCheck.CONNECTION,
                Optional.empty(),
                new Transport(ProxyProtocol.NONE, version(port), timeout(rule)),
                DRAIN_SECONDS);
    }

    private Behaviour error() {
        return route.kind().broken();
    }

    /// gRPC is HTTP/2, whatever the port says. What is passed on has no version here.
    private HttpVersion version(ServicePort port) {
        return switch (route.kind()) {
            case HTTP ->
                    H2C.equals(port.getAppProtocol()) ? HttpVersion.HTTP_2 : HttpVersion.HTTP_1;
            case GRPC -> HttpVersion.HTTP_2;
            case TLS -> HttpVersion.HTTP_1;
        };
    }

    /// The shorter of the two: nothing is tried again once a server has the request.
    private static Optional<Duration> timeout(HTTPRouteRule rule) {
        var timeouts = rule.getTimeouts();
        return timeouts == null
                ? Optional.empty()
                : Stream.of(
                                RouteDurations.parse(timeouts.getRequest()),
                                RouteDurations.parse(timeouts.getBackendRequest()))
                        .flatMap(Optional::stream)
                        .min(RouteDurations.ZERO_IS_ENDLESS);
    }

    private Optional<ServicePort> port(HTTPBackendRef reference) {
        return reference.getPort() == null
                ? Optional.empty()
                : inventory
                        .service(namespace(reference), reference.getName())
                        .flatMap(service ->
                                Endpoints.port(service, new IntOrString(reference.getPort())));
    }

    private String namespace(HTTPBackendRef reference) {
        return Objects.requireNonNullElse(reference.getNamespace(), route.namespace());
    }

    /// Whether all that the route refers to is there and allowed.
    State resolved() {
        return route.rules().get().stream()
                .flatMap(RouteBackends::references)
                .map(this::problem)
                .flatMap(Optional::stream)
                .findFirst()
                .orElse(State.yes("ResolvedRefs", "ResolvedRefs"));
    }

    /// Also what of it gets no requests, though the rest does.
    private Optional<State> problem(HTTPBackendRef reference) {
        return broken(reference)
                .or(() ->
                        endpoints
                                .of(
                                        namespace(reference),
                                        reference.getName(),
                                        port(reference).orElseThrow())
                                .problem()
                                .flatMap(left -> problem("RefNotPermitted", left)));
    }

    private Optional<State> broken(HTTPBackendRef reference) {
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
                new Grants.From(Gateways.GROUP, route.kind().kind(), route.namespace()),
                new Grants.To("", "Service", namespace, reference.getName()))) {
            return problem("RefNotPermitted", "no ReferenceGrant allows Service " + id);
        }
        if (inventory.service(namespace, reference.getName()).isEmpty()) {
            return problem("BackendNotFound", "there is no Service " + id);
        }
        return port(reference).isPresent()
                ? Optional.empty()
                : problem(
                        "BackendNotFound", "Service " + id + " has no port " + reference.getPort());
    }

    private static Optional<State> problem(String reason, String message) {
        return Optional.of(State.no("ResolvedRefs", reason, message));
    }
}
