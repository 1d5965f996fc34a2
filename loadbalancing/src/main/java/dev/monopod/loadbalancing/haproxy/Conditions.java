package dev.monopod.loadbalancing.haproxy;

import dev.monopod.loadbalancing.rules.RequestMatch;
import dev.monopod.loadbalancing.rules.RequestMatch.Comparison;
import dev.monopod.loadbalancing.rules.RequestMatch.Depth;
import java.util.List;

/// A condition on a request in HAProxy's words, as they follow the name of an `acl`.
final class Conditions {
    private static final String HOST = "req.hdr(host),host_only,lower";

    private Conditions() {}

    /// What follows each line of an `acl`, of which one must hold.
    static List<String> of(RequestMatch match) {
        return match instanceof RequestMatch.AnyOf(var matches)
                ? matches.stream().flatMap(each -> of(each).stream()).toList()
                : List.of(one(match));
    }

    private static String one(RequestMatch match) {
        return switch (match) {
            case RequestMatch.AnyOf(_) -> throw new IllegalArgumentException("more than one");
            case RequestMatch.Host(String name) -> condition(HOST, "str", name);
            case RequestMatch.HostBelow(String suffix, Depth depth) ->
                    switch (depth) {
                        case ANY -> condition(HOST, "end", suffix);
                        case ONE_LABEL ->
                                condition(HOST, "reg", "^[^.]+" + Text.expression(suffix) + "$");
                    };
            case RequestMatch.HostExpression(String expression) ->
                    condition(HOST, "reg", expression);
            case RequestMatch.Sni(String name) -> condition("req.ssl_sni,lower", "str", name);
            case RequestMatch.SniBelow(String suffix) ->
                    condition("req.ssl_sni,lower", "end", suffix);
            case RequestMatch.PathExact(String path) -> condition("path", "str", path);
            case RequestMatch.PathPrefix(String path) ->
                    path.equals("/")
                            ? condition("path", "beg", "/")
                            : condition(
                                    "path",
                                    "reg",
                                    "^" + Text.expression(withoutLastSlash(path)) + "(/|$)");
            case RequestMatch.PathExpression(String expression) ->
                    condition("path", "reg", expression);
            case RequestMatch.Header(String name, String value, Comparison comparison) ->
                    condition("req.fhdr(" + plain(name) + ")", kind(comparison), value);
            case RequestMatch.Query(String name, String value, Comparison comparison) ->
                    condition("url_param(" + plain(name) + "),url_dec", kind(comparison), value);
            case RequestMatch.QueryExpression(String expression) ->
                    condition("query", "reg -i", expression);
            case RequestMatch.Cookie(String name, String value) ->
                    condition("req.cook(" + plain(name) + ")", "str", value);
            case RequestMatch.Source(String range) -> condition("src", "ip", range);
            case RequestMatch.Method(String name) -> condition("method", "str", name);
            case RequestMatch.Chance(int below) -> "var(txn.throw) -m int lt " + below;
        };
    }

    private static String kind(Comparison comparison) {
        return switch (comparison) {
            case EXACT -> "str";
            case EXPRESSION -> "reg";
            case EXPRESSION_IN_ANY_CASE -> "reg -i";
        };
    }

    private static String condition(String what, String how, String value) {
        return what + " -m " + how + " -- " + Text.word(value);
    }

    /// Names of headers and parameters are tokens; what is none must not reach HAProxy's parser.
    private static String plain(String name) {
        return name.replaceAll("[^A-Za-z0-9._~-]", "?");
    }

    private static String withoutLastSlash(String path) {
        return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }
}
