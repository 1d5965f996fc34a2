package dev.monopod.logging.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// The kinds of sections that EKS takes: where each stands, what it must have, and which plugins
/// there are. Source: EKS user guide, "Start AWS Fargate logging for your cluster".
enum SectionKind {
    FILTER(
            "filters.conf",
            "Match",
            List.of(
                    "grep",
                    "parser",
                    "record_modifier",
                    "rewrite_tag",
                    "throttle",
                    "nest",
                    "modify",
                    "kubernetes")),
    OUTPUT(
            "output.conf",
            "Match",
            List.of(
                    "es",
                    "firehose",
                    "kinesis_firehose",
                    "cloudwatch",
                    "cloudwatch_logs",
                    "kinesis",
                    // Not EKS': users ask for them (containers-roadmap, issue 1318).
                    "loki",
                    "opentelemetry",
                    "splunk")),
    PARSER("parsers.conf", "Format", List.of());

    /// EKS writes these itself.
    private static final List<String> OWNED_BY_THE_SERVICE =
            List.of("Kube_URL", "Kube_CA_File", "Kube_Token_Command", "Kube_Token_File");

    private final String file;
    private final String required;
    private final List<String> plugins;

    SectionKind(String file, String required, List<String> plugins) {
        this.file = file;
        this.required = required;
        this.plugins = plugins;
    }

    /// Key of the ConfigMap.
    String file() {
        return file;
    }

    static boolean isFile(String key) {
        return Arrays.stream(values()).anyMatch(kind -> kind.file.equals(key));
    }

    /// What is wrong with a section of this kind's file.
    List<Fault> faults(Section section) {
        if (!section.is(name())) {
            return List.of(
                    fault(
                            "[%s] is not allowed in %s"
                                    .formatted(Fault.quote(section.kind()), file),
                            section.line(),
                            wrongKind(section)));
        }
        var faults = new ArrayList<Fault>();
        for (var key : List.of("Name", required)) {
            if (section.value(key).orElse("").isEmpty()) {
                faults.add(
                        fault(
                                "%s is required for each [%s]".formatted(key, name()),
                                section.line(),
                                "the section has "
                                        + (section.pair(key).isEmpty() ? "no " : "no value of ")
                                        + key));
            }
        }
        section.pair("Name")
                .filter(name -> !name.value().isEmpty())
                .ifPresent(name -> {
                    if (!plugins.isEmpty()
                            && !plugins.contains(name.value().toLowerCase(Locale.ROOT))) {
                        faults.add(unsupported(name));
                    } else if (this == FILTER && name.value().equalsIgnoreCase("kubernetes")) {
                        faults.addAll(owned(section));
                    }
                });
        return faults;
    }

    private String wrongKind(Section section) {
        return Arrays.stream(values())
                .filter(kind -> section.is(kind.name()))
                .findFirst()
                .map(kind -> "its place is %s".formatted(kind.file))
                .orElse(
                        "the file has [%s] only, and the system has [SERVICE] and [INPUT] of its own"
                                .formatted(name()));
    }

    private Fault unsupported(Section.Pair name) {
        return fault(
                "%s is not a supported %s plugin"
                        .formatted(Fault.quote(name.value()), name().toLowerCase(Locale.ROOT)),
                name.line(),
                "supported are " + plugins.stream().sorted().collect(Collectors.joining(", ")));
    }

    private List<Fault> owned(Section section) {
        return section.pairs().stream()
                .filter(pair -> OWNED_BY_THE_SERVICE.stream().anyMatch(pair::is))
                .map(pair ->
                        fault(
                                "%s must not be specified".formatted(pair.key()),
                                pair.line(),
                                "found '%s'; the system sets it, so remove it"
                                        .formatted(Fault.quote(pair.toString()))))
                .toList();
    }

    private Fault fault(String words, int line, String remedy) {
        return new Fault(words, SectionReader.place(file, line), remedy);
    }
}
