package dev.monopod.loadbalancing.rules;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import io.fabric8.kubernetes.api.model.IntOrString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// What an annotation `actions.NAME` describes, which a path of the Ingress names instead of a
/// Service. Source: row F5, the AWS Load Balancer Controller's Ingress annotations.
sealed interface IngressAction {
    /// To Services by weight; at least one has some.
    ///
    /// @param sticks how long a client keeps the Service that it got; empty: for no time
    record Forward(List<Group> groups, Optional<Duration> sticks) implements IngressAction {
        public Forward {
            groups = List.copyOf(groups);
        }
    }

    record Group(String service, IntOrString port, int weight) {}

    /// The load balancer answers by itself.
    record Reply(List<HttpChange> changes, Behaviour behaviour) implements IngressAction {
        public Reply {
            changes = List.copyOf(changes);
        }
    }

    /// @param annotation names it in messages
    /// @throws BadAnnotation when it can't be read, or asks for what is not served
    static IngressAction parse(String annotation, String json) {
        return new Reader(annotation).read(json);
    }

    /// Reads one annotation.
    ///
    /// @param annotation names it in messages
    record Reader(String annotation) {
        private static final ObjectMapper JSON = new ObjectMapper();
        private static final Set<String> CONTENT_TYPES =
                Set.of(
                        "text/plain",
                        "text/css",
                        "text/html",
                        "application/javascript",
                        "application/json");
        private static final int MOST_WEIGHT = 999;
        private static final long LONGEST_SECONDS = 604_800;

        private IngressAction read(String json) {
            try {
                var action = JSON.readTree(json);
                return switch (AnnotationJson.text(action, "type", "")) {
                    case "forward" -> forward(action);
                    case "redirect" -> redirect(AnnotationJson.field(action, "redirectConfig"));
                    case "fixed-response" ->
                            reply(AnnotationJson.field(action, "fixedResponseConfig"));
                    default -> throw bad("type is not forward, redirect or fixed-response");
                };
            } catch (JsonProcessingException e) {
                throw bad("it is no JSON");
            }
        }

        private IngressAction forward(JsonNode action) {
            var config = AnnotationJson.field(action, "forwardConfig");
            var listed = AnnotationJson.field(config, "targetGroups");
            List<Group> groups = new ArrayList<>();
            for (var group : listed.isArray() ? listed : JSON.createArrayNode().add(action)) {
                var service = AnnotationJson.text(group, "serviceName", "");
                var port = AnnotationJson.text(group, "servicePort", "");
                if (service.isEmpty() || port.isEmpty()) {
                    throw bad(
                            "a target group has no serviceName and servicePort; others than"
                                    + " Services are not supported");
                }
                var weight = AnnotationJson.field(group, "weight").asInt(1);
                if (weight < 0 || weight > MOST_WEIGHT) {
                    throw bad("weight " + weight + " is not from 0 to " + MOST_WEIGHT);
                }
                groups.add(new Group(service, port(port), weight));
            }
            if (groups.stream().allMatch(group -> group.weight() == 0)) {
                throw bad("no target group has a weight");
            }
            return new Forward(groups, sticks(config));
        }

        private Optional<Duration> sticks(JsonNode config) {
            var sticky = AnnotationJson.field(config, "targetGroupStickinessConfig");
            if (!AnnotationJson.field(sticky, "enabled").asBoolean(false)) {
                return Optional.empty();
            }
            var seconds = AnnotationJson.field(sticky, "durationSeconds").asLong(0);
            if (seconds < 1 || seconds > LONGEST_SECONDS) {
                throw bad(
                        "targetGroupStickinessConfig.durationSeconds %d is not from 1 to %d"
                                .formatted(seconds, LONGEST_SECONDS));
            }
            return Optional.of(Duration.ofSeconds(seconds));
        }

        private static IntOrString port(String text) {
            return text.matches("[0-9]{1,5}")
                    ? new IntOrString(Integer.parseInt(text))
                    : new IntOrString(text);
        }

        /// `#{...}` stands for what the request has; only whole fields may stay so.
        private IngressAction redirect(JsonNode config) {
            var scheme = kept(config, "protocol", "#{protocol}");
            var host = kept(config, "host", "#{host}");
            var port = kept(config, "port", "#{port}");
            var path = kept(config, "path", "/#{path}");
            if (!kept(config, "query", "#{query}").isEmpty()) {
                throw bad("a query of its own is not supported in a redirect");
            }
            var status =
                    switch (AnnotationJson.text(config, "statusCode", "")) {
                        case "HTTP_301" -> 301;
                        case "HTTP_302" -> 302;
                        default -> throw bad("statusCode is not HTTP_301 or HTTP_302");
                    };
            if (!Set.of("", "HTTP", "HTTPS").contains(scheme)) {
                throw bad("protocol " + scheme + " is not HTTP or HTTPS");
            }
            if (!port.matches("[0-9]{0,5}")) {
                throw bad("port " + port + " is no number");
            }
            var usual = port.equals(scheme.equals("HTTPS") ? "443" : scheme.isEmpty() ? "" : "80");
            return new Reply(
                    path.isEmpty() ? List.of() : List.of(new HttpChange.ReplacePath(path)),
                    new Behaviour.Redirect(
                            status, scheme.toLowerCase(Locale.ROOT), host, usual ? "" : port));
        }

        /// Empty when the field stays as it is in the request.
        private String kept(JsonNode config, String field, String same) {
            var text = AnnotationJson.text(config, field, same);
            if (text.equals(same)) {
                return "";
            }
            if (text.contains("#{")) {
                throw bad(field + " mixes #{...} with text, which is not supported");
            }
            return text;
        }

        private IngressAction reply(JsonNode config) {
            var status = AnnotationJson.text(config, "statusCode", "");
            if (!status.matches("[245][0-9][0-9]")) {
                throw bad("statusCode \"" + status + "\" is not 2XX, 4XX or 5XX");
            }
            var type = AnnotationJson.text(config, "contentType", "text/plain");
            if (!CONTENT_TYPES.contains(type)) {
                throw bad("contentType " + type + " is none of an ALB's");
            }
            return new Reply(
                    List.of(),
                    new Behaviour.Answer(
                            Integer.parseInt(status),
                            type,
                            AnnotationJson.text(config, "messageBody", "")));
        }

        private BadAnnotation bad(String why) {
            return new BadAnnotation("annotation " + annotation + ": " + why);
        }
    }
}
