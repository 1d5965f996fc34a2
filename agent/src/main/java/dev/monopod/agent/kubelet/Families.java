package dev.monopod.agent.kubelet;

import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot.UnknownDataPointSnapshot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Metrics of one scrape, gathered under the exact names that a kubelet gives them, written as the
/// client prefers.
final class Families {
    private static final String OPEN_METRICS = "application/openmetrics-text";
    private static final String TOTAL = "_total";

    private final Map<String, CounterSnapshot.Builder> counters = new TreeMap<>();
    private final Map<String, GaugeSnapshot.Builder> gauges = new TreeMap<>();
    private final Map<String, UnknownSnapshot.Builder> unknowns = new TreeMap<>();
    private final List<MetricSnapshot> others = new ArrayList<>();

    /// @param time of the measurement; empty: none is told
    record Sample(Labels labels, double value, Optional<Instant> time) {
        Sample(Labels labels, double value) {
            this(labels, value, Optional.empty());
        }

        Sample(Labels labels, double value, Instant time) {
            this(labels, value, Optional.of(time));
        }

        private long millis() {
            return time.map(Instant::toEpochMilli).orElse(0L);
        }
    }

    /// @param name ends in `_total`, or the sample goes out as one of unknown type: the formats
    ///   know no other counters
    void counter(String name, String help, Sample sample) {
        if (!name.endsWith(TOTAL)) {
            unknowns.computeIfAbsent(name, _ -> UnknownSnapshot.builder().name(name).help(help))
                    .dataPoint(
                            UnknownDataPointSnapshot.builder()
                                    .value(sample.value())
                                    .labels(sample.labels())
                                    .scrapeTimestampMillis(sample.millis())
                                    .build());
            return;
        }
        var base = name.substring(0, name.length() - TOTAL.length());
        counters.computeIfAbsent(base, _ -> CounterSnapshot.builder().name(base).help(help))
                .dataPoint(
                        CounterDataPointSnapshot.builder()
                                .value(sample.value())
                                .labels(sample.labels())
                                .scrapeTimestampMillis(sample.millis())
                                .build());
    }

    void gauge(String name, String help, Sample sample) {
        gauges.computeIfAbsent(name, _ -> GaugeSnapshot.builder().name(name).help(help))
                .dataPoint(
                        GaugeDataPointSnapshot.builder()
                                .value(sample.value())
                                .labels(sample.labels())
                                .scrapeTimestampMillis(sample.millis())
                                .build());
    }

    void add(MetricSnapshot snapshot) {
        others.add(snapshot);
    }

    /// What goes out, and how it is called.
    record Text(String contentType, String body) {}

    /// @param accept the client's header; OpenMetrics only where it is named
    @SuppressWarnings("deprecation") // Seconds, the writer's default, are not what the format says.
    Text write(String accept) {
        var writer =
                accept.contains(OPEN_METRICS)
                        ? OpenMetricsTextFormatWriter.create()
                        : PrometheusTextFormatWriter.builder()
                                .setIncludeCreatedTimestamps(false)
                                .setTimestampsInMs(true)
                                .build();
        var snapshots = MetricSnapshots.builder();
        counters.values().forEach(family -> snapshots.metricSnapshot(family.build()));
        gauges.values().forEach(family -> snapshots.metricSnapshot(family.build()));
        unknowns.values().forEach(family -> snapshots.metricSnapshot(family.build()));
        others.forEach(snapshots::metricSnapshot);
        var bytes = new ByteArrayOutputStream();
        try {
            writer.write(bytes, snapshots.build());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Text(writer.getContentType(), bytes.toString(StandardCharsets.UTF_8));
    }
}
