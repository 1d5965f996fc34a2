package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.GatewayListeners.Judged;
import dev.monopod.loadbalancing.rules.GatewayPlan.State;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.Gateway;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ParentReference;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Decides which listeners of one Gateway each route attaches to.
///
/// A name of a listener belongs to routes of one kind: of an HTTPRoute and a GRPCRoute that share
/// one, the older attaches and the other does not. Source: `hostnames` of GRPCRoute.
final class Attachment {
    private final Inventory inventory;
    private final Gateway gateway;
    private final List<Judged> judged;

    /// Routes that an older one of another kind keeps out, by listeners.
    private final Map<String, Set<Route>> keptOut = new HashMap<>();

    /// @param routes all of the cluster
    Attachment(Inventory inventory, Gateway gateway, List<Judged> judged, List<Route> routes) {
        this.inventory = inventory;
        this.gateway = gateway;
        this.judged = List.copyOf(judged);
        if (routes.stream().map(Route::kind).distinct().count() > 1) {
            judged.forEach(listener -> keepOut(listener, routes));
        }
    }

    private void keepOut(Judged listener, List<Route> routes) {
        var taken = new EnumMap<RouteKind, Hostnames.Names>(RouteKind.class);
        var out = new HashSet<Route>();
        routes.stream()
                .filter(route ->
                        route.parents(gateway).stream()
                                .anyMatch(reference ->
                                        names(reference, listener) && allows(listener, route)))
                .sorted(Route.AGE)
                .forEach(route -> {
                    var hostnames = hostnames(listener, route);
                    var conflict =
                            taken.entrySet().stream()
                                    .filter(each -> each.getKey() != route.kind())
                                    .anyMatch(each ->
                                            hostnames.stream().anyMatch(each.getValue()::overlap));
                    if (conflict) {
                        out.add(route);
                    } else {
                        var own = taken.computeIfAbsent(route.kind(), _ -> new Hostnames.Names());
                        hostnames.forEach(own::add);
                    }
                });
        keptOut.put(listener.name(), out);
    }

    /// The names that both have.
    static List<String> hostnames(Judged listener, Route route) {
        return Hostnames.intersections(listener.hostname(), route.hostnames());
    }

    List<Judged> listeners(Route route, ParentReference reference) {
        return allowed(route, reference).stream()
                .filter(listener -> !hostnames(listener, route).isEmpty())
                .filter(listener -> !isKeptOut(listener, route))
                .toList();
    }

    State accepted(Route route, ParentReference reference) {
        if (judged.stream().noneMatch(listener -> names(reference, listener))) {
            return State.no("Accepted", "NoMatchingParent", "the Gateway has no such listener");
        }
        var allowed = allowed(route, reference);
        if (allowed.isEmpty()) {
            return State.no(
                    "Accepted",
                    "NotAllowedByListeners",
                    "no listener allows routes of this kind and namespace");
        }
        var sharing = allowed.stream().filter(each -> !hostnames(each, route).isEmpty()).toList();
        if (sharing.isEmpty()) {
            return State.no(
                    "Accepted",
                    "NoMatchingListenerHostname",
                    "no listener has a hostname in common with the route");
        }
        return sharing.stream().allMatch(listener -> isKeptOut(listener, route))
                ? State.no(
                        "Accepted",
                        "HostnameConflict",
                        "an older route of another kind than %s has a hostname of it at listener %s"
                                .formatted(route.kind().kind(), sharing.getFirst().name()))
                : State.yes("Accepted", "Accepted");
    }

    private boolean isKeptOut(Judged listener, Route route) {
        return keptOut.getOrDefault(listener.name(), Set.of()).contains(route);
    }

    private static boolean names(ParentReference reference, Judged listener) {
        return (reference.getSectionName() == null
                        || reference.getSectionName().equals(listener.name()))
                && (reference.getPort() == null
                        || reference.getPort().equals(listener.spec().getPort()));
    }

    private List<Judged> allowed(Route route, ParentReference reference) {
        return judged.stream()
                .filter(listener -> names(reference, listener) && allows(listener, route))
                .toList();
    }

    private boolean allows(Judged listener, Route route) {
        if (!listener.takes(route.kind())) {
            return false;
        }
        var allowed = listener.spec().getAllowedRoutes();
        var namespaces = allowed == null ? null : allowed.getNamespaces();
        var from =
                namespaces == null || namespaces.getFrom() == null ? "Same" : namespaces.getFrom();
        return switch (from) {
            case "All" -> true;
            case "Selector" ->
                    namespaces != null
                            && inventory
                                    .namespace(route.namespace())
                                    .map(found -> found.getMetadata().getLabels())
                                    .filter(labels ->
                                            selects(
                                                    Optional.ofNullable(namespaces.getSelector()),
                                                    labels))
                                    .isPresent();
            default -> route.namespace().equals(gateway.getMetadata().getNamespace());
        };
    }

    private static boolean selects(Optional<LabelSelector> selector, Map<String, String> labels) {
        return selector.isPresent() && Selection.matches(selector.get(), labels);
    }
}
