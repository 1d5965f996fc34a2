package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// How a client comes back to the target that it had. Source: "Sticky sessions" and "Target group
/// attributes" of AWS' application and network load balancers.
///
/// @param lasts after the client's last request or connection
public record Stickiness(Mark mark, Duration lasts) {
    /// Attributes of a target group that are about it.
    static final Set<String> ATTRIBUTES =
            Set.of(
                    "stickiness.enabled",
                    "stickiness.type",
                    "stickiness.lb_cookie.duration_seconds",
                    "stickiness.app_cookie.cookie_name",
                    "stickiness.app_cookie.duration_seconds");

    private static final String ALL = "target-group-attributes";
    private static final int LONGEST_SECONDS = 604_800;
    private static final String USUAL_SECONDS = "86400";

    /// A network load balancer has no setting for it.
    private static final Duration OF_ADDRESSES = Duration.ofHours(1);

    /// What clients are told apart by.
    public sealed interface Mark {
        /// A cookie that the load balancer gives.
        record Given(String cookie) implements Mark {}

        /// A cookie that the targets give.
        record Of(String cookie) implements Mark {}

        /// Their address.
        record Address() implements Mark {}
    }

    /// Where requests are read.
    ///
    /// @throws BadAnnotation that names the attribute
    static Optional<Stickiness> ofRequests(Annotations annotations) {
        var attributes = annotations.pairs(ALL);
        if (!enabled(annotations, attributes)) {
            return Optional.empty();
        }
        var type = attributes.getOrDefault("stickiness.type", "lb_cookie");
        return switch (type) {
            case "lb_cookie" ->
                    Optional.of(
                            new Stickiness(
                                    new Mark.Given("AWSALB"),
                                    lasts(
                                            annotations,
                                            attributes,
                                            "stickiness.lb_cookie.duration_seconds")));
            case "app_cookie" ->
                    Optional.of(
                            new Stickiness(
                                    new Mark.Of(cookie(annotations, attributes)),
                                    lasts(
                                            annotations,
                                            attributes,
                                            "stickiness.app_cookie.duration_seconds")));
            default -> throw bad(annotations, "stickiness.type", type, "lb_cookie or app_cookie");
        };
    }

    /// Where connections are passed on.
    ///
    /// @throws BadAnnotation that names the attribute
    static Optional<Stickiness> ofConnections(Annotations annotations) {
        var attributes = annotations.pairs(ALL);
        if (!enabled(annotations, attributes)) {
            return Optional.empty();
        }
        var type = attributes.getOrDefault("stickiness.type", "source_ip");
        if (!type.equals("source_ip")) {
            throw bad(annotations, "stickiness.type", type, "source_ip");
        }
        return Optional.of(new Stickiness(new Mark.Address(), OF_ADDRESSES));
    }

    private static boolean enabled(Annotations annotations, Map<String, String> attributes) {
        var told = attributes.getOrDefault("stickiness.enabled", "false");
        return switch (told) {
            case "true" -> true;
            case "false" -> false;
            default -> throw bad(annotations, "stickiness.enabled", told, "true or false");
        };
    }

    private static Duration lasts(
            Annotations annotations, Map<String, String> attributes, String name) {
        return Duration.ofSeconds(
                annotations.number(
                        ALL + ": " + name,
                        attributes.getOrDefault(name, USUAL_SECONDS),
                        1,
                        LONGEST_SECONDS));
    }

    /// Those that an ALB gives itself are taken.
    private static String cookie(Annotations annotations, Map<String, String> attributes) {
        var name = attributes.getOrDefault("stickiness.app_cookie.cookie_name", "");
        if (!name.matches("[A-Za-z0-9._~-]{1,128}") || name.startsWith("AWSALB")) {
            throw bad(
                    annotations,
                    "stickiness.app_cookie.cookie_name",
                    name,
                    "1 to 128 letters, digits, ., _, ~ or -, and no name that begins with AWSALB");
        }
        return name;
    }

    private static BadAnnotation bad(
            Annotations annotations, String attribute, String value, String wanted) {
        return new BadAnnotation(
                "annotation %s%s: %s: \"%s\" is not %s"
                        .formatted(
                                annotations.prefix(),
                                ALL,
                                attribute,
                                Readable.text(value),
                                wanted));
    }
}
