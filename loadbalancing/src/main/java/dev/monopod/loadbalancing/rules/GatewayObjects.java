package dev.monopod.loadbalancing.rules;

import io.fabric8.kubernetes.api.model.gatewayapi.v1.Gateway;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayClass;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1beta1.ReferenceGrant;
import java.util.List;

/// The objects of the Gateway API.
public record GatewayObjects(
        List<GatewayClass> classes,
        List<Gateway> gateways,
        List<HTTPRoute> routes,
        List<ReferenceGrant> grants) {
    public static final GatewayObjects NONE =
            new GatewayObjects(List.of(), List.of(), List.of(), List.of());

    public GatewayObjects {
        classes = List.copyOf(classes);
        gateways = List.copyOf(gateways);
        routes = List.copyOf(routes);
        grants = List.copyOf(grants);
    }
}
