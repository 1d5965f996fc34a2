package dev.monopod.loadbalancing.rules;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/// The annotations of one object below one prefix.
///
/// @param prefix ends with a slash, or with a hyphen
record Annotations(String prefix, Map<String, String> all) {
    private static final int LONGEST_KIND = 100;

    static Annotations of(HasMetadata object, String prefix) {
        var all = object.getMetadata().getAnnotations();
        return new Annotations(prefix, all == null ? Map.of() : all);
    }

    Optional<String> text(String name) {
        var text = Optional.ofNullable(all.get(prefix + name));
        text.ifPresent(found ->
                Bounds.hold(
                        "annotation %s%s: characters".formatted(prefix, Readable.text(name)),
                        found.length(),
                        Bounds.LONGEST_ANNOTATION));
        return text.map(String::strip).filter(found -> !found.isEmpty());
    }

    /// A word that decides whether an object is ours at all, so it never fails: empty when absent,
    /// cut when long.
    String kind(String name) {
        var text = all.getOrDefault(prefix + name, "").strip().toLowerCase(Locale.ROOT);
        return text.length() <= LONGEST_KIND ? text : text.substring(0, LONGEST_KIND);
    }

    Optional<String> word(String name) {
        return text(name).map(text -> text.toLowerCase(Locale.ROOT));
    }

    /// @throws BadAnnotation when it is no number from least to greatest
    int number(String name, int otherwise, int least, int greatest) {
        return text(name).map(text -> number(name, text, least, greatest)).orElse(otherwise);
    }

    int number(String name, String text, int least, int greatest) {
        try {
            var number = Integer.parseInt(text);
            if (number >= least && number <= greatest) {
                return number;
            }
        } catch (NumberFormatException notANumber) {
            // Told below, with the text.
        }
        throw new BadAnnotation(
                "annotation %s%s: \"%s\" is not a number from %d to %d"
                        .formatted(prefix, name, text, least, greatest));
    }

    List<String> list(String name) {
        return text(name)
                .map(text ->
                        Arrays.stream(text.split(",", -1))
                                .map(String::strip)
                                .filter(each -> !each.isEmpty())
                                .toList())
                .orElse(List.of());
    }

    /// `a=1,b=2`.
    Map<String, String> pairs(String name) {
        var pairs = new TreeMap<String, String>();
        for (var pair : list(name)) {
            var equals = pair.indexOf('=');
            if (equals <= 0) {
                throw new BadAnnotation(
                        "annotation %s%s: \"%s\" is not KEY=VALUE".formatted(prefix, name, pair));
            }
            pairs.put(pair.substring(0, equals).strip(), pair.substring(equals + 1).strip());
        }
        return pairs;
    }

    /// Health check as both of AWS' load balancers spell it.
    ///
    /// @param http whether requests are the default
    HealthCheck healthCheck(HealthCheck base, boolean http) {
        var protocol = word("healthcheck-protocol").orElse(http ? "http" : "tcp");
        var byRequest = protocol.equals("http") || protocol.equals("https");
        if (!byRequest && !protocol.equals("tcp")) {
            throw new BadAnnotation(
                    "annotation %shealthcheck-protocol: \"%s\" is not tcp or http"
                            .formatted(prefix, protocol));
        }
        if (protocol.equals("https")) {
            throw new BadAnnotation(
                    "annotation %shealthcheck-protocol: https is not supported; use tcp or http"
                            .formatted(prefix));
        }
        var port =
                text("healthcheck-port")
                        .filter(text -> !text.equals("traffic-port"))
                        .map(text -> OptionalInt.of(number("healthcheck-port", text, 1, 65535)))
                        .orElse(OptionalInt.empty());
        var interval =
                duration(
                        "healthcheck-interval",
                        "healthcheck-interval-seconds",
                        base.intervalSeconds());
        var timeout =
                duration(
                        "healthcheck-timeout",
                        "healthcheck-timeout-seconds",
                        base.timeoutSeconds());
        return new HealthCheck(
                byRequest ? text("healthcheck-path").orElse("/") : "",
                codes(text("healthcheck-success-codes").or(() -> text("success-codes"))),
                port,
                interval,
                Math.min(timeout, interval),
                text("healthcheck-healthy-threshold").isPresent()
                        ? number("healthcheck-healthy-threshold", 3, 1, 10)
                        : number("healthy-threshold-count", base.healthyThreshold(), 1, 10),
                text("healthcheck-unhealthy-threshold").isPresent()
                        ? number("healthcheck-unhealthy-threshold", 3, 1, 10)
                        : number("unhealthy-threshold-count", base.unhealthyThreshold(), 1, 10));
    }

    private int duration(String name, String longName, int otherwise) {
        return text(name).isPresent()
                ? number(name, otherwise, 1, 300)
                : number(longName, otherwise, 1, 300);
    }

    private String codes(Optional<String> told) {
        var codes = told.orElse("200");
        if (!codes.matches("[1-5]\\d\\d(-[1-5]\\d\\d)?(,[1-5]\\d\\d(-[1-5]\\d\\d)?)*")) {
            throw new BadAnnotation(
                    "annotation %ssuccess-codes: \"%s\" is not 200, 200-399 or 200,301"
                            .formatted(prefix, codes));
        }
        return codes;
    }

    /// An annotation can't be read; the message names it.
    static final class BadAnnotation extends RuntimeException {
        private static final long serialVersionUID = 1L;

        /// An event takes 1 024 bytes.
        private static final int MOST_TOLD = 900;

        private final String told;

        BadAnnotation(String message) {
            super(message);
            told =
                    message.length() <= MOST_TOLD
                            ? message
                            : message.substring(0, MOST_TOLD) + "...";
        }

        String told() {
            return told;
        }
    }
}
