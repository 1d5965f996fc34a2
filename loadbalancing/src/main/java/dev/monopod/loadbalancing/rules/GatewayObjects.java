package dev.monopod.loadbalancing.rules;

import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.Gateway;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayClass;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1beta1.ReferenceGrant;
import java.util.List;
import java.util.stream.Stream;

/// The objects of the Gateway API.
public record GatewayObjects(
        List<GatewayClass> classes,
        List<Gateway> gateways,
        List<HTTPRoute> httpRoutes,
        List<GRPCRoute> grpcRoutes,
        List<TlsRoute> tlsRoutes,
        List<ReferenceGrant> grants) {
    public static final GatewayObjects NONE =
            new GatewayObjects(List.of(), List.of(), List.of(), List.of(), List.of(), List.of());

    public GatewayObjects {
        classes = List.copyOf(classes);
        gateways = List.copyOf(gateways);
        httpRoutes = List.copyOf(httpRoutes);
        grpcRoutes = List.copyOf(grpcRoutes);
        tlsRoutes = List.copyOf(tlsRoutes);
        grants = List.copyOf(grants);
    }

    /// Of all kinds.
    List<Route> routes() {
        return Stream.of(
                        httpRoutes.stream().map(Route::of),
                        grpcRoutes.stream().map(Route::of),
                        tlsRoutes.stream().map(Route::of))
                .flatMap(each -> each)
                .toList();
    }
}
