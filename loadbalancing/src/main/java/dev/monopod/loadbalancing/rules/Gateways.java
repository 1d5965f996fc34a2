package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.GatewayListeners.Judged;
import dev.monopod.loadbalancing.rules.GatewayPlan.ListenerPlan;
import dev.monopod.loadbalancing.rules.GatewayPlan.Parent;
import dev.monopod.loadbalancing.rules.GatewayPlan.RoutePlan;
import dev.monopod.loadbalancing.rules.GatewayPlan.State;
import dev.monopod.loadbalancing.rules.Listener.Protocol;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.Gateway;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ParentReference;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Gateways and routes of the Gateway API as load balancers, and what their status says. Source:
/// gateway-api.sigs.k8s.io, the core of HTTPRoute, GRPCRoute and TLSRoute.
public final class Gateways {
    /// Of the GatewayClasses that are ours.
    public static final String CONTROLLER = "gateway.k8s.aws/alb";

    static final String GROUP = "gateway.networking.k8s.io";

    private static final Logger LOG = LoggerFactory.getLogger(Gateways.class);
    private static final int NOT_FOUND = 404;

    private final Inventory inventory;
    private final Endpoints endpoints;
    private final GatewayObjects objects;
    private final List<Route> routes;
    private final Grants grants;

    public Gateways(Inventory inventory) {
        this.inventory = inventory;
        this.endpoints = new Endpoints(inventory);
        this.objects = inventory.gateways();
        this.grants = new Grants(objects.grants());
        this.routes = objects.routes();
    }

    public static Owner owner(Gateway gateway) {
        return new Owner(
                Owner.Kind.GATEWAY,
                gateway.getMetadata().getNamespace(),
                gateway.getMetadata().getName());
    }

    /// Gateways of a class of ours.
    public List<Gateway> ours() {
        var classes =
                objects.classes().stream()
                        .filter(each -> CONTROLLER.equals(each.getSpec().getControllerName()))
                        .map(each -> each.getMetadata().getName())
                        .toList();
        return objects.gateways().stream()
                .filter(gateway -> classes.contains(gateway.getSpec().getGatewayClassName()))
                .filter(gateway -> gateway.getMetadata().getDeletionTimestamp() == null)
                .toList();
    }

    /// The load balancer of one Gateway, and what its status says.
    ///
    /// @param address empty while it has none
    public GatewayPlan of(Gateway gateway, String address) {
        var judged = new GatewayListeners(inventory, grants).of(gateway);
        var attachment = new Attachment(inventory, gateway, judged, routes);
        var lines = new LinkedHashMap<Judged, List<RouteRules.Line>>();
        var attached = new TreeMap<String, Integer>();
        judged.forEach(listener -> lines.put(listener, new ArrayList<>()));
        var count = 0;
        for (var route : routes) {
            try {
                var own = lines(gateway, attachment, route);
                var size = own.values().stream().mapToInt(List::size).sum();
                Bounds.hold("rules of all routes of the Gateway", count + size, Bounds.MOST_RULES);
                count += size;
                own.forEach((listener, some) -> {
                    attached.merge(listener.name(), 1, Integer::sum);
                    Objects.requireNonNull(lines.get(listener)).addAll(some);
                });
            } catch (RuntimeException | StackOverflowError toldInItsStatus) {
                LOG.debug("left out route {}", route.key(), toldInItsStatus);
            }
        }
        List<ListenerPlan> plans = new ArrayList<>();
        for (var listener : judged) {
            plans.add(
                    new ListenerPlan(
                            listener.name(),
                            listener.kinds(),
                            attached.getOrDefault(listener.name(), 0),
                            listener.conditions()));
        }
        return new GatewayPlan(
                gateway,
                balancer(gateway, address, lines),
                conditions(gateway, judged, address),
                plans);
    }

    /// What one route adds to each listener that it attaches to.
    private Map<Judged, List<RouteRules.Line>> lines(
            Gateway gateway, Attachment attachment, Route route) {
        var rules = new RouteRules(inventory, endpoints, grants, route);
        var all = new LinkedHashMap<Judged, List<RouteRules.Line>>();
        for (var reference : route.parents(gateway)) {
            for (var listener : attachment.listeners(route, reference)) {
                if (!all.containsKey(listener)) {
                    var lines = new ArrayList<RouteRules.Line>();
                    for (var hostname : Attachment.hostnames(listener, route)) {
                        lines.addAll(rules.lines(hostname, listener));
                    }
                    all.put(listener, lines);
                }
            }
        }
        return all;
    }

    private static List<State> conditions(Gateway gateway, List<Judged> judged, String address) {
        var bad =
                judged.stream()
                        .filter(listener ->
                                !listener.programmed()
                                        || listener.resolved().truth() == GatewayPlan.Truth.FALSE)
                        .map(Judged::name)
                        .toList();
        var valid = judged.stream().anyMatch(Judged::programmed);
        var addresses = new GatewayAddresses(gateway);
        if (addresses.refusal().isPresent()) {
            return List.of(
                    addresses.refusal().get(),
                    State.no("Programmed", "Invalid", "spec.addresses are not available"));
        }
        var accepted =
                bad.isEmpty()
                        ? State.yes("Accepted", "Accepted")
                        : judged.stream()
                                        .anyMatch(listener ->
                                                listener.accepted().truth()
                                                        == GatewayPlan.Truth.TRUE)
                                ? new State(
                                        "Accepted",
                                        GatewayPlan.Truth.TRUE,
                                        "ListenersNotValid",
                                        "not valid: " + String.join(", ", bad))
                                : State.no(
                                        "Accepted",
                                        "ListenersNotValid",
                                        "no listener is valid: " + String.join(", ", bad));
        var programmed =
                addresses
                        .problem(address)
                        .orElseGet(() ->
                                valid
                                        ? State.yes("Programmed", "Programmed")
                                        : State.no(
                                                "Programmed", "Invalid", "no listener is served"));
        return List.of(accepted, programmed);
    }

    /// What the status of each route with a parent of ours says.
    public List<RoutePlan> routes() {
        var gateways = ours();
        var listeners = new GatewayListeners(inventory, grants);
        var attachments =
                gateways.stream()
                        .collect(
                                Collectors.toMap(
                                        Gateways::owner,
                                        gateway ->
                                                new Attachment(
                                                        inventory,
                                                        gateway,
                                                        listeners.of(gateway),
                                                        routes)));
        List<RoutePlan> plans = new ArrayList<>();
        for (var route : routes) {
            List<Parent> parents = new ArrayList<>();
            for (var gateway : gateways) {
                var attachment = Objects.requireNonNull(attachments.get(owner(gateway)));
                for (var reference : route.parents(gateway)) {
                    parents.add(
                            new Parent(
                                    reference, conditions(gateway, attachment, route, reference)));
                }
            }
            plans.add(new RoutePlan(route.object(), route.told(), parents));
        }
        return plans;
    }

    /// A route that can't be read says so, and nothing else of it.
    private List<State> conditions(
            Gateway gateway, Attachment attachment, Route route, ParentReference reference) {
        try {
            var accepted = attachment.accepted(route, reference);
            Bounds.hold(
                    "rules of the route",
                    lines(gateway, attachment, route).values().stream().mapToInt(List::size).sum(),
                    Bounds.MOST_RULES);
            return conditions(accepted, new RouteRules(inventory, endpoints, grants, route));
        } catch (RuntimeException | StackOverflowError malformed) {
            return List.of(
                    State.no(
                            "Accepted",
                            "UnsupportedValue",
                            LastGood.told(malformed, Optional.empty())));
        }
    }

    private static List<State> conditions(State accepted, RouteRules rules) {
        var unsupported =
                rules.unsupported().filter(state -> accepted.truth() == GatewayPlan.Truth.TRUE);
        if (unsupported.isEmpty()) {
            return List.of(accepted, rules.resolved());
        }
        return unsupported.get().type().equals(accepted.type())
                ? List.of(unsupported.get(), rules.resolved())
                : List.of(accepted, rules.resolved(), unsupported.get());
    }

    private static LoadBalancer balancer(
            Gateway gateway, String address, Map<Judged, List<RouteRules.Line>> lines) {
        var backends = new LinkedHashMap<String, Backend>();
        var nothing = new Backend("none", List.of(), new Behaviour.Answer(NOT_FOUND));
        backends.put(nothing.name(), nothing);
        var closed = new Backend("closed", List.of(), new Behaviour.Close());
        var byPort =
                lines.keySet().stream()
                        .filter(Judged::programmed)
                        .sorted(Comparator.comparing(Judged::hostname, Hostnames.ORDER))
                        .collect(
                                Collectors.groupingBy(
                                        listener -> listener.spec().getPort(),
                                        TreeMap::new,
                                        Collectors.toList()));
        List<Listener> listeners = new ArrayList<>();
        byPort.forEach((port, group) -> {
            List<Listener.Rule> rules = new ArrayList<>();
            List<Listener.Certificate> certificates = new ArrayList<>();
            var protocol = group.getFirst().protocol().orElseThrow();
            var passes = protocol == Protocol.PASSTHROUGH;
            var fallback = passes ? closed : nothing;
            backends.put(fallback.name(), fallback);
            for (var listener : group) {
                Objects.requireNonNull(lines.get(listener)).stream()
                        .sorted(RouteRules.Line.ORDER)
                        .forEach(line -> {
                            line.shares()
                                    .forEach(share ->
                                            backends.put(share.backend().name(), share.backend()));
                            rules.addAll(line.asRules());
                        });
                // A request for a listener's name never falls through to a less specific one.
                if (!listener.hostname().isEmpty()) {
                    rules.add(
                            new Listener.Rule(
                                    passes
                                            ? Hostnames.sni(listener.hostname())
                                            : Hostnames.match(listener.hostname()),
                                    fallback.name()));
                }
                certificates.addAll(listener.certificates());
            }
            listeners.add(
                    new Listener(port, protocol, List.of(), certificates, rules, fallback.name()));
        });
        return new LoadBalancer(owner(gateway), address, listeners, List.copyOf(backends.values()));
    }
}
