package dev.monopod.logging.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What a ConfigMap that EKS accepts asks of the log router.
///
/// @param outputs at least one
/// @param processLogs whether the router's own log goes to CloudWatch, too (`flb_log_cw`)
public record LoggingConfiguration(
        List<Section> filters, List<Section> outputs, List<Section> parsers, boolean processLogs) {
    /// Of the ConfigMap, and its name.
    public static final String NAMESPACE = "aws-observability";

    public static final String NAME = "aws-logging";

    /// Characters of all values together.
    public static final int LARGEST_CHARACTERS = 5300;

    static final String PROCESS_LOGS = "flb_log_cw";
    static final String TOO_LARGE = "Config map has too many chars";

    public LoggingConfiguration {
        filters = List.copyOf(filters);
        outputs = List.copyOf(outputs);
        parsers = List.copyOf(parsers);
    }

    /// What EKS makes of a ConfigMap.
    public sealed interface Judgement {
        /// @param unread keys of the ConfigMap that nobody reads
        record Valid(LoggingConfiguration configuration, List<String> unread) implements Judgement {
            public Valid {
                unread = List.copyOf(unread);
            }
        }

        /// EKS refuses to store it.
        record TooLarge(Fault fault) implements Judgement {}

        /// EKS stores it, and disables logging.
        ///
        /// @param faults at least one, in the order of the files
        record Invalid(List<Fault> faults) implements Judgement {
            public Invalid {
                faults = List.copyOf(faults);
            }
        }
    }

    /// @param data of the ConfigMap
    public static Judgement judge(Map<String, String> data) {
        var characters =
                data.values().stream()
                        .mapToInt(text -> text.codePointCount(0, text.length()))
                        .sum();
        if (characters > LARGEST_CHARACTERS) {
            return new Judgement.TooLarge(
                    new Fault(
                            TOO_LARGE,
                            "data",
                            "%d characters, at most %d".formatted(characters, LARGEST_CHARACTERS)));
        }
        var faults = new ArrayList<Fault>();
        var filters = sections(SectionKind.FILTER, data, faults);
        var outputs = sections(SectionKind.OUTPUT, data, faults);
        var parsers = sections(SectionKind.PARSER, data, faults);
        if (outputs.isEmpty() && faults.isEmpty()) {
            faults.add(
                    new Fault(
                            "At least one supported output plugin has to be provided",
                            "data[%s]".formatted(SectionKind.OUTPUT.file()),
                            "it has no [OUTPUT]"));
        }
        var configuration =
                new LoggingConfiguration(
                        filters,
                        outputs,
                        parsers,
                        data.getOrDefault(PROCESS_LOGS, "").strip().equalsIgnoreCase("true"));
        return faults.isEmpty()
                ? new Judgement.Valid(configuration, unread(data))
                : new Judgement.Invalid(faults);
    }

    /// What is read of the data.
    public static Map<String, String> read(Map<String, String> data) {
        var read = new TreeMap<>(data);
        read.keySet().removeAll(unread(data));
        return read;
    }

    private static List<Section> sections(
            SectionKind kind, Map<String, String> data, List<Fault> faults) {
        var contents = SectionReader.read(kind.file(), data.getOrDefault(kind.file(), ""));
        faults.addAll(contents.faults());
        contents.sections().forEach(section -> faults.addAll(kind.faults(section)));
        return contents.sections();
    }

    private static List<String> unread(Map<String, String> data) {
        return data.keySet().stream()
                .filter(key -> !key.equals(PROCESS_LOGS) && !SectionKind.isFile(key))
                .sorted()
                .toList();
    }
}
