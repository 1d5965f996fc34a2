package dev.monopod.logging.output;

import dev.monopod.logging.config.Parameters;

/// Reads the sections of `output.conf`.
public final class Outputs {
    private Outputs() {}

    /// It is of use only if the parameters have no faults then.
    ///
    /// @param parameters of a section that was judged: of an output that there is
    public static Output of(Parameters parameters) {
        return switch (parameters.plugin()) {
            case "es" -> SearchOutput.read(parameters);
            case "cloudwatch_logs", "cloudwatch" -> CloudWatchOutput.read(parameters);
            case "kinesis_firehose", "firehose", "kinesis" -> StreamOutput.read(parameters);
            case "loki" -> LokiOutput.read(parameters);
            case "opentelemetry" -> OtlpOutput.read(parameters);
            case "splunk" -> SplunkOutput.read(parameters);
            default -> throw new IllegalArgumentException("no output");
        };
    }
}
