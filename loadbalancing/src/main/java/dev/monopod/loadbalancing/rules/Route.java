package dev.monopod.loadbalancing.rules;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.BackendRef;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPBackendRef;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPBackendRefBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRule;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRuleBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ParentReference;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteParentStatus;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A route of the Gateway API, of any kind, as an HTTPRoute would say it.
///
/// @param told what the status of its object says
/// @param rules may throw, where what the user wrote can't be read
record Route(
        RouteKind kind,
        HasMetadata object,
        List<ParentReference> parents,
        List<String> hostnames,
        List<RouteParentStatus> told,
        Supplier<List<HTTPRouteRule>> rules) {
    /// The oldest first.
    static final Comparator<Route> AGE =
            Comparator.comparing(Route::created, Comparator.nullsLast(Comparator.naturalOrder()))
                    .thenComparing(Route::key);

    Route {
        parents = List.copyOf(parents);
        hostnames = List.copyOf(hostnames);
        told = List.copyOf(told);
    }

    static Route of(HTTPRoute route) {
        var spec = Optional.ofNullable(route.getSpec());
        return new Route(
                RouteKind.HTTP,
                route,
                list(spec.map(some -> some.getParentRefs())),
                list(spec.map(some -> some.getHostnames())),
                list(Optional.ofNullable(route.getStatus()).map(some -> some.getParents())),
                () -> list(spec.map(some -> some.getRules())));
    }

    static Route of(GRPCRoute route) {
        var spec = Optional.ofNullable(route.getSpec());
        return new Route(
                RouteKind.GRPC,
                route,
                list(spec.map(some -> some.getParentRefs())),
                list(spec.map(some -> some.getHostnames())),
                list(Optional.ofNullable(route.getStatus()).map(some -> some.getParents())),
                () -> GrpcRules.asHttp(list(spec.map(some -> some.getRules()))));
    }

    static Route of(TlsRoute route) {
        var spec = Optional.ofNullable(route.getSpec());
        return new Route(
                RouteKind.TLS,
                route,
                list(spec.map(some -> some.getParentRefs())),
                list(spec.map(some -> some.getHostnames())),
                list(Optional.ofNullable(route.getStatus()).map(some -> some.getParents())),
                () ->
                        list(spec.map(some -> some.getRules())).stream()
                                .map(rule ->
                                        new HTTPRouteRuleBuilder()
                                                .withBackendRefs(
                                                        rule.getBackendRefs().stream()
                                                                .map(Route::asHttp)
                                                                .toList())
                                                .build())
                                .toList());
    }

    private static HTTPBackendRef asHttp(BackendRef reference) {
        return new HTTPBackendRefBuilder()
                .withGroup(reference.getGroup())
                .withKind(reference.getKind())
                .withNamespace(reference.getNamespace())
                .withName(reference.getName())
                .withPort(reference.getPort())
                .withWeight(reference.getWeight())
                .build();
    }

    private static <T> List<T> list(Optional<? extends List<T>> some) {
        return some.isPresent() ? some.get() : List.of();
    }

    /// `NAMESPACE/NAME`.
    String key() {
        return namespace() + "/" + object.getMetadata().getName();
    }

    String namespace() {
        return object.getMetadata().getNamespace();
    }

    private @Nullable String created() {
        return object.getMetadata().getCreationTimestamp();
    }

    /// Its references to a Gateway.
    List<ParentReference> parents(HasMetadata gateway) {
        return parents.stream()
                .filter(reference ->
                        Gateways.GROUP.equals(
                                Objects.requireNonNullElse(reference.getGroup(), Gateways.GROUP)))
                .filter(reference ->
                        "Gateway"
                                .equals(Objects.requireNonNullElse(reference.getKind(), "Gateway")))
                .filter(reference ->
                        reference.getName().equals(gateway.getMetadata().getName())
                                && Objects.requireNonNullElse(reference.getNamespace(), namespace())
                                        .equals(gateway.getMetadata().getNamespace()))
                .toList();
    }
}
