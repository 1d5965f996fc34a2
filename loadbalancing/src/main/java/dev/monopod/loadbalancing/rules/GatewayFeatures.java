package dev.monopod.loadbalancing.rules;

import java.util.List;

/// What of the Gateway API is served, by upstream's names, which also choose upstream's conformance
/// tests: each passes the tests of its name. Source: gateway-api.sigs.k8s.io, GEP 2162.
public final class GatewayFeatures {
    /// In the order that the API asks for.
    public static final List<String> ALL =
            List.of(
                    "GRPCRoute",
                    "GRPCRouteNamedRouteRule",
                    "Gateway",
                    "GatewayAddressEmpty",
                    "GatewayHTTPListenerIsolation",
                    "GatewayPort8080",
                    "HTTPRoute",
                    "HTTPRoute303RedirectStatusCode",
                    "HTTPRoute307RedirectStatusCode",
                    "HTTPRoute308RedirectStatusCode",
                    "HTTPRouteBackendProtocolH2C",
                    "HTTPRouteBackendProtocolWebSocket",
                    "HTTPRouteBackendRequestHeaderModification",
                    "HTTPRouteBackendTimeout",
                    "HTTPRouteCORS",
                    "HTTPRouteDestinationPortMatching",
                    "HTTPRouteHostRewrite",
                    "HTTPRouteMethodMatching",
                    "HTTPRouteNamedRouteRule",
                    "HTTPRouteParentRefPort",
                    "HTTPRoutePathRedirect",
                    "HTTPRoutePathRewrite",
                    "HTTPRoutePortRedirect",
                    "HTTPRouteQueryParamMatching",
                    "HTTPRouteRequestTimeout",
                    "HTTPRouteResponseHeaderModification",
                    "HTTPRouteSchemeRedirect",
                    "ReferenceGrant",
                    "TLSRoute");

    private GatewayFeatures() {}
}
