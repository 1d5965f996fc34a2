package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.HttpChange.Direction;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPHeaderFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPPathModifier;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPURLRewriteFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What the filters of a rule, or of one of its references, do to a request.
///
/// @param changes in the order of the filters
/// @param answer instead of sending the request on
record RouteFilters(List<HttpChange> changes, Optional<Behaviour> answer) {
    private static final Set<String> SUPPORTED =
            Set.of(
                    "RequestHeaderModifier",
                    "ResponseHeaderModifier",
                    "URLRewrite",
                    "CORS",
                    "RequestRedirect");
    private static final int FOUND = 302;
    private static final int ERROR = 500;

    RouteFilters {
        changes = List.copyOf(changes);
    }

    /// @param match what a replaced prefix stands in
    /// @param listener port and protocol decide where redirects lead
    static RouteFilters of(
            @Nullable List<HTTPRouteFilter> filters,
            HTTPRouteMatch match,
            GatewayListeners.Judged listener) {
        List<HttpChange> changes = new ArrayList<>();
        Optional<Behaviour> answer = Optional.empty();
        for (var filter : Objects.requireNonNullElse(filters, List.<HTTPRouteFilter>of())) {
            switch (filter.getType()) {
                case "RequestHeaderModifier" ->
                        headers(filter.getRequestHeaderModifier(), Direction.REQUEST, changes);
                case "ResponseHeaderModifier" ->
                        headers(filter.getResponseHeaderModifier(), Direction.RESPONSE, changes);
                case "URLRewrite" -> rewrite(filter.getUrlRewrite(), match, changes);
                case "RequestRedirect" -> {
                    path(filter.getRequestRedirect().getPath(), match, changes);
                    answer = Optional.of(redirect(filter, listener));
                }
                case "CORS" -> changes.add(CorsFilter.read(filter.getCors()));
                // Told in the route's status; without it the request must not go through.
                default -> answer = Optional.of(new Behaviour.Answer(ERROR));
            }
        }
        return new RouteFilters(changes, answer);
    }

    /// The first type of filter that is not served.
    static Optional<String> unsupported(@Nullable List<HTTPRouteFilter> filters) {
        return Objects.requireNonNullElse(filters, List.<HTTPRouteFilter>of()).stream()
                .map(HTTPRouteFilter::getType)
                .filter(type -> !SUPPORTED.contains(type))
                .findFirst();
    }

    private static void headers(
            HTTPHeaderFilter filter, Direction direction, List<HttpChange> changes) {
        filter.getSet()
                .forEach(header ->
                        changes.add(
                                new HttpChange.SetHeader(
                                        direction, header.getName(), header.getValue())));
        filter.getAdd()
                .forEach(header ->
                        changes.add(
                                new HttpChange.AddHeader(
                                        direction, header.getName(), header.getValue())));
        filter.getRemove()
                .forEach(name -> changes.add(new HttpChange.RemoveHeader(direction, name)));
    }

    private static void rewrite(
            HTTPURLRewriteFilter filter, HTTPRouteMatch match, List<HttpChange> changes) {
        path(filter.getPath(), match, changes);
        if (filter.getHostname() != null) {
            changes.add(new HttpChange.SetHeader(Direction.REQUEST, "Host", filter.getHostname()));
        }
    }

    private static void path(
            @Nullable HTTPPathModifier modifier, HTTPRouteMatch match, List<HttpChange> changes) {
        if (modifier == null) {
            return;
        }
        if ("ReplaceFullPath".equals(modifier.getType())) {
            changes.add(new HttpChange.ReplacePath(modifier.getReplaceFullPath()));
        } else {
            changes.add(
                    new HttpChange.ReplacePrefix(
                            RouteRules.path(match), modifier.getReplacePrefixMatch()));
        }
    }

    private static Behaviour redirect(HTTPRouteFilter filter, GatewayListeners.Judged listener) {
        var wanted = filter.getRequestRedirect();
        var scheme = Objects.requireNonNullElse(wanted.getScheme(), "");
        var encrypted =
                scheme.isEmpty()
                        ? listener.protocol().filter(Listener.Protocol::encrypted).isPresent()
                        : scheme.equals("https");
        // A scheme of its own brings its usual port, else the listener's stays.
        var port =
                wanted.getPort() != null
                        ? wanted.getPort()
                        : scheme.isEmpty() ? listener.spec().getPort() : encrypted ? 443 : 80;
        var usual = port == (encrypted ? 443 : 80);
        return new Behaviour.Redirect(
                Objects.requireNonNullElse(wanted.getStatusCode(), FOUND),
                scheme,
                Objects.requireNonNullElse(wanted.getHostname(), ""),
                usual ? "" : String.valueOf(port));
    }
}
