package dev.monopod.loadbalancing.rules;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// What annotations of the AWS Load Balancer Controller ask for that no load balancer of ours does.
/// What would restrict who gets through is never dropped: the rules that it is about are closed.
/// Everything else is told. Pure. Source: the controller's "Ingress annotations".
final class UnservedAnnotations {
    /// A message names no more of them.
    private static final int MOST_TOLD = 10;

    private static final Set<String> SERVED =
            Set.of(
                    "target-type",
                    "group.name",
                    "group.order",
                    "scheme",
                    "listen-ports",
                    "ssl-redirect",
                    "inbound-cidrs",
                    "healthcheck-protocol",
                    "healthcheck-port",
                    "healthcheck-path",
                    "healthcheck-interval-seconds",
                    "healthcheck-timeout-seconds",
                    "healthy-threshold-count",
                    "unhealthy-threshold-count",
                    "success-codes",
                    "target-group-attributes",
                    // Told where certificates are read.
                    "certificate-arn");

    private static final String SERVED_ATTRIBUTE = "deregistration_delay.timeout_seconds";
    private static final String ACTIONS = "actions.";
    private static final String CONDITIONS = "conditions.";

    /// Those that restrict all rules of an Ingress, and the value with which each restricts
    /// nothing; empty if there is none.
    private static final Map<String, String> CLOSING =
            Map.of(
                    "wafv2-acl-arn", "none",
                    "wafv2-acl-name", "none",
                    "waf-acl-id", "none",
                    "web-acl-id", "none",
                    "auth-type", "none",
                    "jwt-validation", "",
                    "security-groups", "",
                    "security-group-prefix-lists", "");

    private UnservedAnnotations() {}

    /// Why no rule of an Ingress with these annotations may be served.
    static Optional<String> closing(Annotations annotations) {
        var closing = new TreeSet<String>();
        CLOSING.forEach((name, harmless) ->
                annotations
                        .word(name)
                        .filter(value -> harmless.isEmpty() || !value.equals(harmless))
                        .ifPresent(_ -> closing.add(annotations.prefix() + name)));
        annotations
                .word("mutual-authentication")
                .filter(value ->
                        !value.contains("\"off\"") || value.matches(".*(verify|passthrough).*"))
                .ifPresent(_ -> closing.add(annotations.prefix() + "mutual-authentication"));
        return closed(closing, "all rules of this Ingress answer");
    }

    /// Why requests may not be sent to a Service that has, with its Ingress, these annotations.
    static Optional<String> closingService(Annotations both, String service) {
        var closing = new TreeSet<String>();
        both.word("auth-type")
                .filter(value -> !value.equals("none"))
                .ifPresent(_ -> closing.add(both.prefix() + "auth-type"));
        both.word("backend-protocol")
                .filter(value -> !value.equals("http"))
                .ifPresent(value ->
                        closing.add(both.prefix() + "backend-protocol: " + Readable.text(value)));
        both.word("backend-protocol-version")
                .filter(value -> !value.equals("http1"))
                .ifPresent(value ->
                        closing.add(
                                both.prefix()
                                        + "backend-protocol-version: "
                                        + Readable.text(value)));
        return closed(closing, "the rules with Service " + service + " answer");
    }

    private static Optional<String> closed(Set<String> names, String what) {
        return names.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "annotation %s is not supported, and without it requests would get through that"
                                        .formatted(String.join(", ", names))
                                + " are not meant to: %s 503 until it is removed".formatted(what));
    }

    /// What else is asked for in vain; empty if nothing.
    static Optional<String> told(Annotations annotations) {
        var names = new TreeSet<String>();
        for (var key : annotations.all().keySet()) {
            if (key.startsWith(annotations.prefix())) {
                var name = key.substring(annotations.prefix().length());
                if (!SERVED.contains(name)
                        && !name.startsWith(ACTIONS)
                        && !name.startsWith(CONDITIONS)
                        && !CLOSING.containsKey(name)) {
                    names.add(name);
                }
            }
        }
        // Each is told where it closes something, and asks for nothing where it does not.
        names.removeAll(
                Set.of("backend-protocol", "backend-protocol-version", "mutual-authentication"));
        List<String> parts = new ArrayList<>();
        if (!names.isEmpty()) {
            parts.add(
                    "annotations that are not supported and change nothing: "
                            + names.stream()
                                    .limit(MOST_TOLD)
                                    .map(Readable::text)
                                    .map(name -> annotations.prefix() + name)
                                    .collect(Collectors.joining(", "))
                            + (names.size() > MOST_TOLD
                                    ? " and %d more".formatted(names.size() - MOST_TOLD)
                                    : ""));
        }
        var attributes = new TreeSet<>(annotations.pairs("target-group-attributes").keySet());
        attributes.remove(SERVED_ATTRIBUTE);
        attributes.removeAll(Stickiness.ATTRIBUTES);
        if (!attributes.isEmpty()) {
            parts.add(
                    "annotation %starget-group-attributes: only %s and stickiness are supported, not %s"
                            .formatted(
                                    annotations.prefix(),
                                    SERVED_ATTRIBUTE,
                                    attributes.stream()
                                            .limit(MOST_TOLD)
                                            .map(Readable::text)
                                            .collect(Collectors.joining(", "))));
        }
        return parts.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", parts));
    }
}
