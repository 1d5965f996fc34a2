package dev.monopod.agent.kubelet;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.monopod.agent.kubelet.KubeletPods.PodStatistics;
import dev.monopod.agent.kubelet.KubeletPods.ProbeCount;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// F15: what autoscalers and dashboards read, word for word. Golden files lie in
/// `src/test/resources/metrics`.
final class MetricsTextTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Pod POD =
            Serialization.unmarshal(
                    """
                    metadata: {name: web, namespace: shop, uid: 6f1c}
                    spec:
                      nodeName: node-web
                      containers:
                        - {name: main, image: "registry/web:1"}
                      volumes:
                        - {name: data, persistentVolumeClaim: {claimName: disk}}
                        - {name: cache, emptyDir: {}}
                    status:
                      phase: Running
                      qosClass: Burstable
                      containerStatuses:
                        - {name: main, image: x, imageID: x, ready: true, restartCount: 0, containerID: "monopod://c0ffee", state: {running: {}}}
                    """,
                    Pod.class);
    private static final PodStatistics TOLD = Told.statistics(POD, START);

    @Test
    void writesResourceMetricsAsTheKubelet() {
        assertThat(ResourceMetrics.of(List.of(TOLD), 0).write("").body())
                .isEqualTo(golden("resource.txt"));
    }

    @Test
    void writesContainerMetricsAsCadvisor() {
        assertThat(ContainerMetrics.of(List.of(TOLD), 0).write("").body())
                .isEqualTo(golden("cadvisor.txt"));
    }

    @Test
    void writesTheNodesMetrics() {
        assertThat(NodeMetrics.of("node-web", List.of(POD), List.of(TOLD)).write("").body())
                .isEqualTo(golden("node.txt"));
    }

    @Test
    void writesProbesAsAHistogram() {
        var count =
                new ProbeCount(
                        POD,
                        "main",
                        "Liveness",
                        Map.of("successful", 3L, "failed", 1L),
                        List.of(0L, 2L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 1L),
                        12.5);

        assertThat(NodeMetrics.probes(List.of(count)).write("").body())
                .isEqualTo(golden("probes.txt"));
    }

    @Test
    void writesTheSummaryAsTheKubelet() throws IOException {
        var json = new JsonMapper();

        var summary = new StatisticsReport().summary("node-web", Optional.of(TOLD));

        assertThat(json.readTree(summary).toPrettyString() + "\n")
                .isEqualTo(golden("summary.json"));
    }

    @Test
    void tellsThatAPodDidNotAnswer() {
        assertThat(ResourceMetrics.of(List.of(), 1).write("").body())
                .contains("\nresource_scrape_error 1.0\n")
                .doesNotContain("node_cpu");
    }

    private static String golden(String name) {
        try (var file = MetricsTextTest.class.getResourceAsStream("/metrics/" + name)) {
            return file == null ? "" : new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
