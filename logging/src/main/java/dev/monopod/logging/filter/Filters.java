package dev.monopod.logging.filter;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.parse.Parser;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// Makes the filters that sections ask for.
public final class Filters {
    private Filters() {}

    /// A filter of its own for each call, since `throttle` counts. It is of use only if the
    /// parameters have no faults then.
    ///
    /// @param parsers by name
    /// @param known the containers that records are of, by id
    public static Filter of(
            Parameters parameters,
            Map<String, Parser> parsers,
            Function<String, Optional<PodMetadata>> known) {
        return switch (parameters.plugin()) {
            case "grep" -> Grep.read(parameters);
            case "modify" -> Modify.read(parameters);
            case "nest" -> Nest.read(parameters);
            case "parser" -> ParserFilter.read(parameters, parsers);
            case "kubernetes" -> Kubernetes.read(parameters, parsers, known);
            case "record_modifier" -> RecordModifier.read(parameters);
            case "rewrite_tag" -> RewriteTag.read(parameters);
            case "throttle" -> Throttle.read(parameters);
            default -> {
                parameters.wrong(
                        "%s is not a supported filter plugin".formatted(parameters.plugin()),
                        "Monopod has no such filter");
                yield (one, _) -> Filter.Result.of(one);
            }
        };
    }
}
