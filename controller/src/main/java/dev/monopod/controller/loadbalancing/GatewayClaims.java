package dev.monopod.controller.loadbalancing;

import dev.monopod.kube.client.ConditionState;
import dev.monopod.kube.client.Patches;
import dev.monopod.loadbalancing.objects.LoadBalancerObjects;
import dev.monopod.loadbalancing.rules.GatewayFeatures;
import dev.monopod.loadbalancing.rules.GatewayPlan;
import dev.monopod.loadbalancing.rules.GatewayPlan.State;
import dev.monopod.loadbalancing.rules.GatewayPlan.Truth;
import dev.monopod.loadbalancing.rules.Gateways;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.Gateway;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayClass;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayStatusAddress;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayStatusAddressBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayStatusBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ListenerStatus;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ListenerStatusBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteGroupKindBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteParentStatus;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteParentStatusBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.SupportedFeature;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Gateways and routes of the Gateway API.
final class GatewayClaims {
    private final Patches patches;
    private final LoadBalancerObjects objects;
    private final Clock clock;

    GatewayClaims(KubernetesClient client, LoadBalancerObjects objects, Clock clock) {
        this.patches = new Patches(client);
        this.objects = objects;
        this.clock = clock;
    }

    /// Also writes the status of classes and routes, which need no address.
    List<Claim> all(Attempts attempts) {
        objects.gateways()
                .classes()
                .forEach(each -> attempts.make(each.getMetadata().getName(), () -> accept(each)));
        var gateways = new Gateways(objects);
        for (var plan : gateways.routes()) {
            var meta = plan.route().getMetadata();
            attempts.make(meta.getNamespace() + "/" + meta.getName(), () -> write(plan));
        }
        List<Claim> claims = new ArrayList<>();
        for (var gateway : gateways.ours()) {
            claims.add(
                    new Claim(
                            Gateways.owner(gateway),
                            List.of(gateway),
                            address -> write(gateways.of(gateway, address), address)));
        }
        return claims;
    }

    private void accept(GatewayClass gatewayClass) {
        if (!Gateways.CONTROLLER.equals(gatewayClass.getSpec().getControllerName())) {
            return;
        }
        var known =
                gatewayClass.getStatus() == null
                        ? List.<Condition>of()
                        : gatewayClass.getStatus().getConditions();
        var wanted =
                conditions(
                        List.of(new State("Accepted", Truth.TRUE, "Accepted", "")),
                        known,
                        gatewayClass);
        var told =
                gatewayClass.getStatus() == null
                                || gatewayClass.getStatus().getSupportedFeatures() == null
                        ? List.<String>of()
                        : gatewayClass.getStatus().getSupportedFeatures().stream()
                                .map(SupportedFeature::getName)
                                .toList();
        if (!wanted.equals(known) || !told.equals(GatewayFeatures.ALL)) {
            var features = GatewayFeatures.ALL.stream().map(name -> Map.of("name", name)).toList();
            patch(gatewayClass, Map.of("conditions", wanted, "supportedFeatures", features));
        }
    }

    private void write(GatewayPlan plan, String address) {
        var gateway = plan.gateway();
        var known = gateway.getStatus();
        List<ListenerStatus> listeners = new ArrayList<>();
        for (var listener : plan.listeners()) {
            var before =
                    known == null || known.getListeners() == null
                            ? List.<Condition>of()
                            : known.getListeners().stream()
                                    .filter(each -> each.getName().equals(listener.name()))
                                    .findFirst()
                                    .map(ListenerStatus::getConditions)
                                    .orElse(List.of());
            listeners.add(
                    new ListenerStatusBuilder()
                            .withName(listener.name())
                            .withAttachedRoutes(listener.attachedRoutes())
                            .withSupportedKinds(
                                    listener.kinds().stream()
                                            .map(kind ->
                                                    new RouteGroupKindBuilder()
                                                            .withGroup("gateway.networking.k8s.io")
                                                            .withKind(kind)
                                                            .build())
                                            .toList())
                            .withConditions(conditions(listener.conditions(), before, gateway))
                            .build());
        }
        var addresses =
                List.of(
                        new GatewayStatusAddressBuilder()
                                .withType("IPAddress")
                                .withValue(address)
                                .build());
        var before = known == null ? List.<Condition>of() : known.getConditions();
        var wanted = conditions(plan.conditions(), before, gateway);
        if (!same(gateway, wanted, listeners, addresses)) {
            // A list is replaced as a whole, so one without supported kinds says so.
            var entries =
                    listeners.stream()
                            .map(each ->
                                    Map.of(
                                            "name", each.getName(),
                                            "attachedRoutes", each.getAttachedRoutes(),
                                            "supportedKinds", each.getSupportedKinds(),
                                            "conditions", each.getConditions()))
                            .toList();
            patch(
                    gateway,
                    Map.of("addresses", addresses, "conditions", wanted, "listeners", entries));
        }
    }

    private static boolean same(
            Gateway gateway,
            List<Condition> conditions,
            List<ListenerStatus> listeners,
            List<GatewayStatusAddress> addresses) {
        var wanted =
                new GatewayStatusBuilder()
                        .withConditions(conditions)
                        .withListeners(listeners)
                        .withAddresses(addresses)
                        .build();
        var known = gateway.getStatus();
        return known != null
                && known.getConditions().equals(wanted.getConditions())
                && known.getListeners().equals(wanted.getListeners())
                && known.getAddresses().equals(wanted.getAddresses());
    }

    private void write(GatewayPlan.RoutePlan plan) {
        var route = plan.route();
        var known = plan.told();
        List<RouteParentStatus> wanted = new ArrayList<>();
        for (var parent : known) {
            if (!Gateways.CONTROLLER.equals(parent.getControllerName())) {
                wanted.add(parent);
            }
        }
        for (var parent : plan.parents()) {
            var before =
                    known.stream()
                            .filter(each ->
                                    Gateways.CONTROLLER.equals(each.getControllerName())
                                            && each.getParentRef().equals(parent.reference()))
                            .findFirst()
                            .map(RouteParentStatus::getConditions)
                            .orElse(List.of());
            wanted.add(
                    new RouteParentStatusBuilder()
                            .withControllerName(Gateways.CONTROLLER)
                            .withParentRef(parent.reference())
                            .withConditions(conditions(parent.conditions(), before, route))
                            .build());
        }
        if (!wanted.equals(known)) {
            patch(route, Map.of("parents", wanted));
        }
    }

    private List<Condition> conditions(
            List<State> states, List<Condition> known, HasMetadata object) {
        var generation = Objects.requireNonNullElse(object.getMetadata().getGeneration(), 0L);
        var now = clock.instant();
        return states.stream()
                .map(state ->
                        new ConditionState(
                                        state.type(),
                                        state.truth() == Truth.TRUE,
                                        state.reason(),
                                        state.message(),
                                        generation)
                                .condition(known, now))
                .toList();
    }

    private void patch(HasMetadata object, Map<String, ?> status) {
        patches.mergeStatus(object, Map.of("status", status));
    }
}
