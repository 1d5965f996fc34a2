package dev.monopod.model.network;

import dev.monopod.model.network.ServiceViews.Back;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// Which endpoints of a Service's port the pods of a Node use. The rule is kube-proxy's
/// (`CategorizeEndpoints` of 1.36; KEP 2086, 2433, 3015, 4444): with `internalTrafficPolicy: Local`
/// those of the Node alone; else, if all that are ready have hints and some are for the Node, or
/// then for its zone, these; else all. Where none is ready, those that serve while they terminate.
/// Pure.
///
/// @param byNode for Nodes of these names
/// @param byZone for other Nodes of these zones
/// @param others for all other Nodes
public record EndpointChoice(
        Map<String, List<Back>> byNode, Map<String, List<Back>> byZone, List<Back> others) {
    /// `internalTrafficPolicy` of a Service.
    public enum InternalTraffic {
        CLUSTER,
        LOCAL
    }

    /// Of those that answer; others are no endpoints.
    public enum State {
        READY,
        /// Serves, and terminates.
        DRAINING
    }

    /// @param node its Node; empty if it has none
    /// @param nodeHints names of the Nodes that it is for
    /// @param zoneHints zones that it is for
    public record Endpoint(
            Back back, State state, String node, Set<String> nodeHints, Set<String> zoneHints) {
        public Endpoint {
            nodeHints = Set.copyOf(nodeHints);
            zoneHints = Set.copyOf(zoneHints);
        }
    }

    public EndpointChoice {
        byNode = Map.copyOf(byNode);
        byZone = Map.copyOf(byZone);
        others = List.copyOf(others);
    }

    public static EndpointChoice of(Collection<Endpoint> all, InternalTraffic traffic) {
        var ready = all.stream().filter(each -> each.state() == State.READY).toList();
        var draining = all.stream().filter(each -> each.state() == State.DRAINING).toList();
        if (traffic == InternalTraffic.LOCAL) {
            // Each Node for itself: one whose endpoint is ready never falls back.
            var byNode = grouped(draining, EndpointChoice::own);
            byNode.putAll(grouped(ready, EndpointChoice::own));
            return new EndpointChoice(byNode, Map.of(), List.of());
        }
        if (ready.isEmpty()) {
            return new EndpointChoice(Map.of(), Map.of(), backs(draining));
        }
        return new EndpointChoice(
                hinted(ready, Endpoint::nodeHints),
                hinted(ready, Endpoint::zoneHints),
                backs(ready));
    }

    /// What a pod uses.
    public List<Back> of(String node, String zone) {
        var near = byNode.get(node);
        return near == null ? byZone.getOrDefault(zone, others) : near;
    }

    private static Set<String> own(Endpoint endpoint) {
        return endpoint.node().isEmpty() ? Set.of() : Set.of(endpoint.node());
    }

    /// Hints count where all have one.
    private static Map<String, List<Back>> hinted(
            List<Endpoint> ready, Function<Endpoint, Set<String>> hints) {
        return ready.stream().anyMatch(each -> hints.apply(each).isEmpty())
                ? Map.of()
                : grouped(ready, hints);
    }

    private static Map<String, List<Back>> grouped(
            List<Endpoint> endpoints, Function<Endpoint, Set<String>> groups) {
        var grouped = new HashMap<String, List<Back>>();
        for (var endpoint : endpoints) {
            for (var group : groups.apply(endpoint)) {
                grouped.computeIfAbsent(group, _ -> new ArrayList<>()).add(endpoint.back());
            }
        }
        return grouped;
    }

    private static List<Back> backs(List<Endpoint> endpoints) {
        return endpoints.stream().map(Endpoint::back).toList();
    }
}
