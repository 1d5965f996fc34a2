package dev.monopod.logging.plan;

import dev.monopod.logging.config.LoggingConfiguration;
import dev.monopod.logging.filter.PodMetadata;
import dev.monopod.logging.record.Json;
import dev.monopod.logging.record.LogRecord;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Filters as users write them, and what becomes of JSON records.
final class Trial {
    static final String ID = "f".repeat(64);
    static final String TAG = "kube.var.log.containers.web_shop_main-" + ID + ".log";
    static final Instant TIME = Instant.parse("2026-11-30T01:02:03Z");

    private static final PodMetadata POD =
            new PodMetadata(
                    new PodMetadata.Identity("shop", "web", "uid-1", "10.0.0.7"),
                    Map.of("app", "front"),
                    Map.of("fluentbit.io/parser", "words", "owner", "me"),
                    "node-1",
                    "main",
                    "busybox:1",
                    "busybox@sha256:0");

    private Trial() {}

    /// The pipeline of the only output, which takes all.
    static Pipeline pipeline(String filters, String parsers) {
        var data =
                Map.of(
                        "filters.conf",
                        filters,
                        "parsers.conf",
                        parsers,
                        "output.conf",
                        "[OUTPUT]\n Name es\n Match *\n");
        var judged = LoggingConfiguration.judge(data);
        if (!(judged instanceof LoggingConfiguration.Judgement.Valid valid)) {
            throw new IllegalArgumentException(judged.toString());
        }
        return LoggingPlan.of(
                        valid.configuration(),
                        id -> id.equals(ID) ? Optional.of(POD) : Optional.empty())
                .routes()
                .getFirst()
                .pipeline();
    }

    /// One section with these pairs, which takes all.
    static String filter(String name, String... pairs) {
        return "[FILTER]\n Name %s\n Match *\n %s\n".formatted(name, String.join("\n ", pairs));
    }

    static LogRecord record(String json) {
        return new LogRecord(TAG, TIME, Json.table(json).orElseThrow());
    }

    static List<LogRecord> records(String filters, String parsers, String json) {
        return pipeline(filters, parsers).apply(record(json), TIME);
    }

    /// What the output gets of a record, as JSON with single quotes; a line for each.
    static String result(String filters, String parsers, String json) {
        return String.join(
                "\n",
                records(filters, parsers, json.replace('\'', '"')).stream()
                        .map(record -> Json.write(record.body()).replace('"', '\''))
                        .toList());
    }
}
