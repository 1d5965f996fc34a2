package dev.monopod.logging.output;

import dev.monopod.logging.config.Parameters;
import java.util.Optional;

/// Reads the sections of `output.conf`.
public final class Outputs {
    private Outputs() {}

    /// Empty, with a fault told, for an output that is not served. It is of use only if the
    /// parameters have no faults then.
    public static Optional<Output> of(Parameters parameters) {
        return switch (parameters.plugin()) {
            case "es" -> Optional.of(SearchOutput.read(parameters));
            case "cloudwatch_logs", "cloudwatch" -> Optional.of(CloudWatchOutput.read(parameters));
            default -> {
                parameters
                        .pairs("Name")
                        .forEach(pair ->
                                parameters.wrong(
                                        pair,
                                        "EKS has this output; Monopod sends to es, cloudwatch_logs and cloudwatch"));
                // Its parameters are no faults of their own.
                var unused = parameters.pairs();
                yield Optional.empty();
            }
        };
    }
}
