package dev.monopod.logging.filter;

import dev.monopod.logging.config.Parameters;
import dev.monopod.logging.parse.Parser;
import dev.monopod.logging.record.Json;
import dev.monopod.logging.record.LogRecord;
import dev.monopod.logging.record.Value;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/// Adds what is known of the record's pod as key `kubernetes`, and joins the keys of a JSON log to
/// the record. Which container a record is of, its tag says. Source: Fluent Bit's manual,
/// "Kubernetes".
///
/// @param known by the container's id
record Kubernetes(
        Merge merge,
        Shown shown,
        Annotated annotated,
        Function<String, Optional<PodMetadata>> known)
        implements Filter {
    private static final String LOG = "log";
    private static final int ID = 64;

    /// @param under key under which the keys of a JSON log stand; empty: the record itself
    /// @param keeps the log when it was merged
    /// @param trims line ends of merged texts
    /// @param parser takes the log apart instead of JSON
    record Merge(boolean on, String under, boolean keeps, boolean trims, Optional<Parser> parser) {}

    record Shown(boolean labels, boolean annotations) {}

    /// What annotations of the pod may change.
    ///
    /// @param parsers by name
    record Annotated(boolean parser, boolean exclude, Map<String, Parser> parsers) {}

    static Filter read(
            Parameters parameters,
            Map<String, Parser> parsers,
            Function<String, Optional<PodMetadata>> known) {
        // How Fluent Bit asks the API server: nobody is asked here.
        parameters.ignore(
                "Buffer_Size",
                "Kube_Meta_Cache_TTL",
                "Kube_Token_TTL",
                "Kube_Meta_Preload_Cache_Dir",
                "tls.debug",
                "tls.verify",
                "tls.vhost",
                "Use_Kubelet",
                "Kubelet_Port",
                "Kubelet_Host",
                "DNS_Retries",
                "DNS_Wait_Time",
                "Dummy_Meta");
        parameters.unless("Kube_Tag_Prefix", "kube.var.log.containers.");
        parameters.unless("Use_Journal", "off", "false");
        parameters.unless("Namespace_Labels", "off", "false");
        parameters.unless("Namespace_Annotations", "off", "false");
        parameters.unless("Namespace_Metadata_Only", "off", "false");
        parameters.unless("Owner_References", "off", "false");
        Optional<Parser> parser = Optional.empty();
        for (var pair : parameters.pairs("Merge_Parser")) {
            parser = Optional.ofNullable(parsers.get(pair.value()));
            if (parser.isEmpty()) {
                parameters.wrong(pair, "parsers.conf has no parser of that name");
            }
        }
        return new Kubernetes(
                new Merge(
                        parameters.flag("Merge_Log", false),
                        parameters.text("Merge_Log_Key", ""),
                        parameters.flag("Keep_Log", true),
                        parameters.flag("Merge_Log_Trim", true),
                        parser),
                new Shown(parameters.flag("Labels", true), parameters.flag("Annotations", true)),
                new Annotated(
                        parameters.flag("K8S-Logging.Parser", false),
                        parameters.flag("K8S-Logging.Exclude", false),
                        parsers),
                known);
    }

    @Override
    public Result apply(LogRecord record, Instant now) {
        var id = container(record.tag());
        var pod = id.flatMap(known);
        if (annotated.exclude && pod.filter(Kubernetes::excluded).isPresent()) {
            return Result.DROPPED;
        }
        var body = record.body().copy();
        var time = record.time();
        if (merge.on && body.get(LOG) instanceof Value.Text(String text)) {
            var parser = pod.flatMap(this::suggested).or(merge::parser);
            var parsed = parser.flatMap(one -> one.parse(text, record.time()));
            time = parsed.flatMap(Parser.Parsed::time).orElse(time);
            var fields = parser.isPresent() ? parsed.map(Parser.Parsed::fields) : Json.table(text);
            fields.ifPresent(found -> join(body, found));
        }
        pod.ifPresent(found -> body.put("kubernetes", table(found, id.orElse(""))));
        return Result.of(new LogRecord(record.tag(), time, new Value.Table(body)));
    }

    /// Of a tag that ends as EKS' input has it, `POD_NAMESPACE_CONTAINER-ID.log`.
    private static Optional<String> container(String tag) {
        var end = tag.length() - ".log".length();
        var from = end - ID;
        return tag.endsWith(".log")
                        && from > 0
                        && tag.charAt(from - 1) == '-'
                        && tag.substring(from, end).matches("[a-z0-9]+")
                ? Optional.of(tag.substring(from, end))
                : Optional.empty();
    }

    private static boolean excluded(PodMetadata pod) {
        return annotation(pod, "fluentbit.io/exclude").filter("true"::equals).isPresent();
    }

    private Optional<Parser> suggested(PodMetadata pod) {
        return annotated.parser
                ? annotation(pod, "fluentbit.io/parser")
                        .flatMap(name -> Optional.ofNullable(annotated.parsers.get(name)))
                : Optional.empty();
    }

    /// That of the container goes before that of the pod.
    private static Optional<String> annotation(PodMetadata pod, String name) {
        var annotations = pod.annotations();
        return Optional.ofNullable(annotations.get(name + "-" + pod.container()))
                .or(() -> Optional.ofNullable(annotations.get(name)));
    }

    private void join(LinkedHashMap<String, Value> body, Value.Table found) {
        if (!merge.keeps) {
            body.remove(LOG);
        }
        var fields = new LinkedHashMap<String, Value>();
        found.entries().forEach((key, value) -> fields.put(key, trimmed(value)));
        if (merge.under.isEmpty()) {
            body.putAll(fields);
        } else {
            body.put(merge.under, new Value.Table(fields));
        }
    }

    private Value trimmed(Value value) {
        return merge.trims && value instanceof Value.Text(String text)
                ? new Value.Text(text.replaceAll("(\\\\n|[\\r\\n])+$", ""))
                : value;
    }

    private Value.Table table(PodMetadata found, String id) {
        var entries = new LinkedHashMap<String, Value>();
        var pod = found.pod();
        put(entries, "pod_name", pod.name());
        put(entries, "namespace_name", pod.namespace());
        put(entries, "pod_id", pod.uid());
        if (shown.labels && !found.labels().isEmpty()) {
            entries.put("labels", Value.Table.texts(new TreeMap<>(found.labels())));
        }
        if (shown.annotations && !found.annotations().isEmpty()) {
            entries.put("annotations", Value.Table.texts(new TreeMap<>(found.annotations())));
        }
        put(entries, "host", found.host());
        put(entries, "pod_ip", pod.address());
        put(entries, "container_name", found.container());
        put(entries, "docker_id", id);
        put(entries, "container_hash", found.imageHash());
        put(entries, "container_image", found.image());
        return new Value.Table(entries);
    }

    private static void put(LinkedHashMap<String, Value> entries, String key, String text) {
        if (!text.isEmpty()) {
            entries.put(key, new Value.Text(text));
        }
    }
}
