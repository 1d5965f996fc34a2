package dev.monopod.logging.plan;

import dev.monopod.logging.config.Fault;
import dev.monopod.logging.config.LoggingConfiguration;
import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.config.Section;
import dev.monopod.logging.filter.Filters;
import dev.monopod.logging.filter.PodMetadata;
import dev.monopod.logging.output.Output;
import dev.monopod.logging.output.Outputs;
import dev.monopod.logging.parse.Parser;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// What is done with the log of one pod: each output with a pipeline of its own, so that one that
/// is away holds up no other.
///
/// @param routes in the order of the outputs
public record LoggingPlan(List<Route> routes) {
    private static final String FILTERS = "filters.conf";
    private static final String OUTPUTS = "output.conf";

    public record Route(Output output, Pipeline pipeline) {}

    public LoggingPlan {
        routes = List.copyOf(routes);
    }

    /// What Monopod does not serve of a valid configuration; none: [#of] may be called.
    public static List<Fault> unserved(LoggingConfiguration configuration) {
        var faults = new ArrayList<Fault>();
        var unused = read(configuration, _ -> Optional.empty(), faults);
        if (configuration.processLogs()) {
            faults.add(
                    new Fault(
                            "'flb_log_cw true' is not served",
                            "data[flb_log_cw]",
                            "no process of Fluent Bit runs here whose log could be sent; remove it"));
        }
        return List.copyOf(faults);
    }

    /// @param known the containers that records are of, by id
    /// @throws IllegalArgumentException for a configuration that is not served
    public static LoggingPlan of(
            LoggingConfiguration configuration, Function<String, Optional<PodMetadata>> known) {
        var faults = new ArrayList<Fault>();
        var plan = read(configuration, known, faults);
        if (!faults.isEmpty()) {
            throw new IllegalArgumentException(faults.getFirst().message());
        }
        return plan;
    }

    private static LoggingPlan read(
            LoggingConfiguration configuration,
            Function<String, Optional<PodMetadata>> known,
            List<Fault> faults) {
        var parsers = new HashMap<String, Parser>();
        for (var section : configuration.parsers()) {
            parsers.put(section.value("Name").orElse(""), Parser.read(section, faults));
        }
        var routes = new ArrayList<Route>();
        for (var section : configuration.outputs()) {
            var parameters = new Parameters(section, OUTPUTS);
            var match = Match.of(section, parameters);
            var output = Outputs.of(parameters);
            faults.addAll(parameters.faults());
            // Filters are made for each output: throttle counts for itself.
            var seen =
                    section == configuration.outputs().getFirst() ? faults : new ArrayList<Fault>();
            var steps = steps(configuration.filters(), parsers, known, seen);
            routes.add(new Route(output, new Pipeline(steps, match)));
        }
        return new LoggingPlan(routes);
    }

    private static List<Pipeline.Step> steps(
            List<Section> sections,
            Map<String, Parser> parsers,
            Function<String, Optional<PodMetadata>> known,
            List<Fault> faults) {
        var steps = new ArrayList<Pipeline.Step>();
        for (var section : sections) {
            var parameters = new Parameters(section, FILTERS);
            var match = Match.of(section, parameters);
            steps.add(new Pipeline.Step(match, Filters.of(parameters, parsers, known)));
            faults.addAll(parameters.faults());
        }
        return steps;
    }
}
