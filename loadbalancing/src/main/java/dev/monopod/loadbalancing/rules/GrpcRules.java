package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCBackendRef;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCMethodMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRouteFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRouteMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRouteRule;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPBackendRef;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPBackendRefBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPHeaderMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPPathMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteFilterBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteMatchBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRule;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRuleBuilder;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/// The rules of a GRPCRoute as those of an HTTPRoute: a call is a request of HTTP/2 for the path
/// `/SERVICE/METHOD`. Source: gRPC over HTTP2, "Requests".
final class GrpcRules {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.]+");
    private static final String ANY = "[^/]+";

    private GrpcRules() {}

    /// @throws BadAnnotation when a service or method is none
    static List<HTTPRouteRule> asHttp(List<GRPCRouteRule> rules) {
        return rules.stream()
                .map(rule ->
                        new HTTPRouteRuleBuilder()
                                .withMatches(
                                        rule.getMatches().stream().map(GrpcRules::match).toList())
                                .withFilters(filters(rule.getFilters()))
                                .withBackendRefs(
                                        rule.getBackendRefs().stream()
                                                .map(GrpcRules::reference)
                                                .toList())
                                .build())
                .toList();
    }

    private static HTTPRouteMatch match(GRPCRouteMatch match) {
        var http =
                new HTTPRouteMatchBuilder()
                        .withHeaders(
                                match.getHeaders().stream()
                                        .map(header ->
                                                new HTTPHeaderMatch(
                                                        header.getName(),
                                                        header.getType(),
                                                        header.getValue()))
                                        .toList());
        return match.getMethod() == null
                ? http.build()
                : http.withPath(path(match.getMethod())).build();
    }

    private static HTTPPathMatch path(GRPCMethodMatch match) {
        var service = Objects.requireNonNullElse(match.getService(), "");
        var method = Objects.requireNonNullElse(match.getMethod(), "");
        if ("RegularExpression".equals(match.getType())) {
            return new HTTPPathMatch(
                    "RegularExpression",
                    "^/%s/%s$"
                            .formatted(
                                    expression("service", service), expression("method", method)));
        }
        if (service.isEmpty() && method.isEmpty()) {
            return new HTTPPathMatch("PathPrefix", "/");
        }
        if (method.isEmpty()) {
            return new HTTPPathMatch("PathPrefix", "/" + name("service", service));
        }
        return service.isEmpty()
                ? new HTTPPathMatch(
                        "RegularExpression",
                        "^/" + ANY + "/" + name("method", method).replace(".", "\\.") + "$")
                : new HTTPPathMatch(
                        "Exact", "/" + name("service", service) + "/" + name("method", method));
    }

    private static String expression(String field, String text) {
        if (text.isEmpty()) {
            return ANY;
        }
        Expressions.check("spec.rules.matches.method." + field, text);
        return "(?:" + text + ")";
    }

    private static String name(String field, String text) {
        if (!NAME.matcher(text).matches()) {
            throw new BadAnnotation(
                    "spec.rules.matches.method.%s: \"%s\" is no name of gRPC's"
                            .formatted(field, Readable.text(text)));
        }
        return text;
    }

    private static HTTPBackendRef reference(GRPCBackendRef reference) {
        return new HTTPBackendRefBuilder()
                .withGroup(reference.getGroup())
                .withKind(reference.getKind())
                .withNamespace(reference.getNamespace())
                .withName(reference.getName())
                .withPort(reference.getPort())
                .withWeight(reference.getWeight())
                .withFilters(filters(reference.getFilters()))
                .build();
    }

    private static List<HTTPRouteFilter> filters(List<GRPCRouteFilter> filters) {
        return filters.stream()
                .map(filter ->
                        new HTTPRouteFilterBuilder()
                                .withType(filter.getType())
                                .withRequestHeaderModifier(filter.getRequestHeaderModifier())
                                .withResponseHeaderModifier(filter.getResponseHeaderModifier())
                                .build())
                .toList();
    }
}
