package dev.monopod.controller.admission;

import dev.monopod.model.names.Names;
import dev.monopod.model.profile.Profile;
import dev.monopod.model.profile.Selector;
import dev.monopod.model.profile.Wildcard;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Says in CEL which pods the profiles select, so that the API server itself leaves all others
/// alone: it cannot lock them up when the controller is down.
final class SelectionExpression {
    private SelectionExpression() {}

    /// True exactly for the pods that one of these profiles selects.
    ///
    /// Never for those of the namespace where Monopod itself may run: without the controller nobody
    /// would place the controller.
    ///
    /// @param ownNamespace not selected by a wildcard
    static String of(List<Profile> profiles, String ownNamespace) {
        return profiles.stream()
                .flatMap(profile -> profile.selectors().stream())
                .distinct()
                .map(selector -> selector(selector, ownNamespace))
                .collect(Collectors.joining(" || "));
    }

    private static String selector(Selector selector, String ownNamespace) {
        var namespace = new Wildcard(selector.namespace());
        var inNamespace = text("request.namespace", namespace);
        var own =
                Stream.concat(
                                Stream.of(ownNamespace).filter(_ -> !namespace.literal()),
                                Stream.of(Names.SYSTEM_NAMESPACE))
                        .distinct()
                        .filter(namespace::matches)
                        .map(excluded -> " && request.namespace != " + quoted(excluded))
                        .collect(Collectors.joining());
        if (selector.labels().isEmpty()) {
            return "(" + inNamespace + own + ")";
        }
        return selector.labels().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(SelectionExpression::label)
                .collect(
                        Collectors.joining(
                                " && ",
                                "(" + inNamespace + own + " && has(object.metadata.labels) && ",
                                ")"));
    }

    private static String label(Map.Entry<String, String> pair) {
        var key = new Wildcard(pair.getKey());
        var value = new Wildcard(pair.getValue());
        var labels = "object.metadata.labels";
        return key.literal()
                ? quoted(pair.getKey())
                        + " in "
                        + labels
                        + " && "
                        + text(labels + "[" + quoted(pair.getKey()) + "]", value)
                : labels
                        + ".exists(k, "
                        + text("k", key)
                        + " && "
                        + text(labels + "[k]", value)
                        + ")";
    }

    private static String text(String subject, Wildcard pattern) {
        return pattern.literal()
                ? subject + " == " + quoted(pattern.pattern())
                : subject + ".matches(" + quoted(pattern.regularExpression()) + ")";
    }

    private static String quoted(String text) {
        var quoted = new StringBuilder("'");
        for (var symbol : text.toCharArray()) {
            switch (symbol) {
                case '\\' -> quoted.append("\\\\");
                case '\'' -> quoted.append("\\'");
                default -> {
                    if (symbol < ' ') {
                        quoted.append("\\u%04x".formatted((int) symbol));
                    } else {
                        quoted.append(symbol);
                    }
                }
            }
        }
        return quoted.append('\'').toString();
    }
}
