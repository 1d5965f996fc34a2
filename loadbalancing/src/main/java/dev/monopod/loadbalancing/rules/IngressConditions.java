package dev.monopod.loadbalancing.rules;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import dev.monopod.loadbalancing.rules.RequestMatch.Comparison;
import dev.monopod.model.network.Cidr;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/// What an annotation `conditions.NAME` asks of requests for the rules that name this Service or
/// action. Of one condition any value holds; all conditions must. Hosts and paths stand beside
/// those of the rule itself: any of them holds. Source: the AWS Load Balancer Controller's "Ingress
/// annotations", ALB's "Condition types for listener rules" and its quotas.
///
/// @param annotation names it in messages
/// @param others each with the values of which one must hold
record IngressConditions(
        String annotation,
        List<RequestMatch> hosts,
        List<RequestMatch> paths,
        List<List<RequestMatch>> others) {
    static final IngressConditions NONE =
            new IngressConditions("", List.of(), List.of(), List.of());

    /// Of one rule, as those of an ALB.
    private static final int MOST_VALUES = 5;

    private static final int MOST_WILDCARDS = 5;
    private static final int LONGEST_VALUE = 128;
    private static final int LONGEST_NAME = 40;

    /// An address that nobody has.
    private static final String NOBODY = "255.255.255.255/32";

    IngressConditions {
        hosts = List.copyOf(hosts);
        paths = List.copyOf(paths);
        others = List.copyOf(others);
    }

    /// @param annotation names it in messages
    /// @throws BadAnnotation when it can't be read, or asks for what is not served
    static IngressConditions parse(String annotation, String json) {
        return new Reader(annotation).read(json);
    }

    /// A path or a pattern of one.
    static RequestMatch path(String text) {
        return Wildcards.any(text)
                ? new RequestMatch.PathExpression(Wildcards.expression(text))
                : new RequestMatch.PathExact(text);
    }

    /// All that a rule asks for.
    ///
    /// @param patterns how many of an ALB's values the rule's own host and path are
    /// @throws BadAnnotation when it is more than a rule may ask for
    List<RequestMatch> with(Optional<RequestMatch> host, RequestMatch path, int patterns) {
        var values = hosts.size() + paths.size() + others.stream().mapToInt(List::size).sum();
        if (values > 0) {
            Bounds.hold(
                    "annotation %s: values of one rule, with its own host and path"
                            .formatted(annotation),
                    values + patterns,
                    MOST_VALUES);
        }
        var all = new ArrayList<RequestMatch>();
        var names = Stream.concat(host.stream(), hosts.stream()).toList();
        if (!names.isEmpty()) {
            all.add(RequestMatch.AnyOf.of(names));
        }
        all.add(RequestMatch.AnyOf.of(Stream.concat(Stream.of(path), paths.stream()).toList()));
        others.forEach(anyOf -> all.add(RequestMatch.AnyOf.of(anyOf)));
        return all;
    }

    /// Reads one annotation.
    ///
    /// @param annotation names it in messages
    private record Reader(String annotation) {
        private static final ObjectMapper JSON = new ObjectMapper();

        private IngressConditions read(String json) {
            try {
                var listed = JSON.readTree(json);
                if (!listed.isArray()) {
                    throw bad("it is no list");
                }
                List<RequestMatch> hosts = new ArrayList<>();
                List<RequestMatch> paths = new ArrayList<>();
                List<List<RequestMatch>> others = new ArrayList<>();
                for (var condition : listed) {
                    var field = AnnotationJson.text(condition, "field", "");
                    switch (field) {
                        case "host-header" ->
                                hosts.addAll(each(condition, "hostHeaderConfig", this::host));
                        case "path-pattern" ->
                                paths.addAll(
                                        each(
                                                condition,
                                                "pathPatternConfig",
                                                IngressConditions::path));
                        case "http-header" -> others.add(header(condition));
                        case "http-request-method" ->
                                others.add(
                                        each(condition, "httpRequestMethodConfig", this::method));
                        case "query-string" -> others.add(query(condition));
                        case "source-ip" ->
                                others.add(each(condition, "sourceIPConfig", this::source));
                        default -> throw bad("field \"%s\" is none of an ALB's".formatted(field));
                    }
                }
                return new IngressConditions(annotation, hosts, paths, others);
            } catch (JsonProcessingException e) {
                throw bad("it is no JSON");
            }
        }

        /// A match for each value of a condition.
        private List<RequestMatch> each(
                JsonNode condition, String config, Function<String, RequestMatch> match) {
            return values(condition, config).stream().map(match).toList();
        }

        private List<String> values(JsonNode condition, String config) {
            var found = AnnotationJson.field(condition, config);
            if (!AnnotationJson.field(found, "regexValues").isMissingNode()) {
                throw bad(config + ".regexValues is not supported");
            }
            var listed = AnnotationJson.field(found, "values");
            List<String> values = new ArrayList<>();
            for (var value : listed) {
                values.add(value(config, value.asText("")));
            }
            if (values.isEmpty()) {
                throw bad(config + " has no values");
            }
            return values;
        }

        private String value(String config, String value) {
            if (value.isEmpty()) {
                throw bad(config + " has an empty value");
            }
            hold(config, "characters", value, value.length(), LONGEST_VALUE);
            hold(config, "wildcards", value, Wildcards.count(value), MOST_WILDCARDS);
            return value;
        }

        private void hold(String config, String what, String value, int number, int most) {
            Bounds.hold(
                    "annotation %s: %s: %s of \"%s\""
                            .formatted(annotation, config, what, Readable.text(value)),
                    number,
                    most);
        }

        private RequestMatch host(String value) {
            var name = value.toLowerCase(Locale.ROOT);
            return Wildcards.any(name)
                    ? new RequestMatch.HostExpression(Wildcards.expression(name))
                    : new RequestMatch.Host(name);
        }

        private List<RequestMatch> header(JsonNode condition) {
            var config = AnnotationJson.field(condition, "httpHeaderConfig");
            var name = AnnotationJson.text(config, "httpHeaderName", "");
            if (!name.matches("[A-Za-z0-9._~-]{1," + LONGEST_NAME + "}")
                    || name.equalsIgnoreCase("host")) {
                throw bad(
                        "httpHeaderConfig.httpHeaderName \"%s\" is no name of a header of at most %d characters"
                                        .formatted(Readable.text(name), LONGEST_NAME)
                                + " other than Host");
            }
            return each(
                    condition,
                    "httpHeaderConfig",
                    value ->
                            new RequestMatch.Header(
                                    name,
                                    Wildcards.expression(value),
                                    Comparison.EXPRESSION_IN_ANY_CASE));
        }

        private RequestMatch method(String value) {
            if (!value.matches("[A-Z_-]{1,40}")) {
                throw bad(
                        "httpRequestMethodConfig: \"%s\" is not 1 to 40 of A-Z, - and _"
                                .formatted(Readable.text(value)));
            }
            return new RequestMatch.Method(value);
        }

        private List<RequestMatch> query(JsonNode condition) {
            var config = AnnotationJson.field(condition, "queryStringConfig");
            List<RequestMatch> pairs = new ArrayList<>();
            for (var pair : AnnotationJson.field(config, "values")) {
                var key = AnnotationJson.text(pair, "key", "");
                var value = value("queryStringConfig", AnnotationJson.text(pair, "value", ""));
                hold("queryStringConfig", "characters", key, key.length(), LONGEST_VALUE);
                hold("queryStringConfig", "wildcards", key, Wildcards.count(key), MOST_WILDCARDS);
                pairs.add(new RequestMatch.QueryExpression(pair(key, value)));
            }
            if (pairs.isEmpty()) {
                throw bad("queryStringConfig has no values");
            }
            return pairs;
        }

        /// Without a key, the value of any, or what has none.
        private static String pair(String key, String value) {
            var name = key.isEmpty() ? "([^&=]*=)?" : Wildcards.inside(key, "[^&=]") + "=";
            return "(^|&)" + name + Wildcards.inside(value, "[^&]") + "(&|$)";
        }

        private RequestMatch source(String value) {
            try {
                // Nobody comes by IPv6 here.
                return new RequestMatch.Source(
                        value.contains(":") ? NOBODY : Cidr.parse(value).toString());
            } catch (IllegalArgumentException malformed) {
                throw bad("sourceIPConfig: " + malformed.getMessage());
            }
        }

        private BadAnnotation bad(String why) {
            return new BadAnnotation("annotation " + annotation + ": " + why);
        }
    }
}
