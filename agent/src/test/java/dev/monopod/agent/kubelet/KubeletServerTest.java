package dev.monopod.agent.kubelet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.monopod.agent.kubelet.Authorizer.Access;
import dev.monopod.agent.kubelet.KubeletPods.LogOptions;
import dev.monopod.agent.kubelet.KubeletPods.Refusal;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KubeletServerTest {
    @TempDir Path directory;
    private KubeletFixture kubelet;

    @BeforeEach
    void start() throws Exception {
        kubelet = new KubeletFixture(directory, Optional.empty());
    }

    @AfterEach
    void stop() {
        kubelet.close();
    }

    @Test
    void refusesWhoIsNotKnown() throws Exception {
        try (var client = kubelet.client()) {
            var anonymous = HttpRequest.newBuilder(kubelet.uri("/healthz")).build();
            var wrong =
                    HttpRequest.newBuilder(kubelet.uri("/healthz"))
                            .header("Authorization", "Bearer bad")
                            .build();

            for (var request : new HttpRequest[] {anonymous, wrong}) {
                var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
                assertThat(answer.statusCode()).isEqualTo(401);
            }
        }
    }

    @Test
    void authorizesForTheNodeThatWasConnectedTo() throws Exception {
        assertThat(kubelet.get(kubelet.uri("/metrics/resource")).statusCode()).isEqualTo(200);
        assertThat(kubelet.get(kubelet.otherUri("/metrics/resource")).statusCode()).isEqualTo(403);

        assertThat(kubelet.accesses)
                .containsExactly(
                        new Access("get", "node-web", "metrics"),
                        new Access("get", "node-db", "metrics"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/containerLogs/default/db/main",
                "/containerLogs/other/web/main",
                "/exec/default/db/main?command=id&output=1",
                "/exec/default/web/uid-db/main?command=id&output=1",
                "/attach/default/db/main?output=1",
                "/portForward/default/db?port=80"
            })
    void aNodeKnowsNoPodButItsOwn(String path) throws Exception {
        var answer = kubelet.get(kubelet.uri(path));

        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).isEqualTo("pod does not exist");
        assertThat(kubelet.accesses).extracting(Access::node).containsOnly("node-web");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/exec/default/web/main?command=id&output=1",
                "/exec/default/web/uid-web/main?command=id&output=1",
                "/attach/default/web/main?output=1",
                "/portForward/default/web?port=80"
            })
    void streamsNeedTheRightToCreateWhateverTheMethod(String path) throws Exception {
        try (var client = kubelet.client()) {
            var request =
                    HttpRequest.newBuilder(kubelet.uri(path))
                            .header("Authorization", "Bearer collector")
                            .build();
            var answer = client.send(request, HttpResponse.BodyHandlers.ofString());

            assertThat(answer.statusCode()).isEqualTo(403);
            assertThat(answer.body()).contains("user=collector, verb=create");
        }
        assertThat(kubelet.accesses).containsExactly(new Access("create", "node-web", "proxy"));
    }

    @Test
    void aCollectorThatMayGetReadsLogsAndMetrics() throws Exception {
        try (var client = kubelet.client()) {
            for (var path : List.of("/containerLogs/default/web/main", "/metrics/resource")) {
                var request =
                        HttpRequest.newBuilder(kubelet.uri(path))
                                .header("Authorization", "Bearer collector")
                                .build();
                assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
                        .isEqualTo(200);
            }
        }
    }

    @Test
    void isHealthy() throws Exception {
        var answer = kubelet.get(kubelet.uri("/healthz"));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("ok");
    }

    @Test
    void listsThePodOfTheNodeWhateverHostIsNamed() throws Exception {
        kubelet.forbidden = Set.of();

        assertThat(kubelet.get(kubelet.uri("/pods")).body())
                .contains("\"kind\":\"PodList\"", "uid-web")
                .doesNotContain("uid-db");
        assertThat(kubelet.get(kubelet.otherUri("/pods")).body())
                .contains("uid-db")
                .doesNotContain("uid-web");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/pods",
                "/stats/summary",
                "/metrics",
                "/metrics/resource",
                "/metrics/cadvisor",
                "/metrics/probes",
                "/containerLogs/default/web/main",
                "/exec/default/web/main?command=id&output=1"
            })
    void theHostItselfIsNoNode(String path) throws Exception {
        var answer = kubelet.get(kubelet.hostUri(path));

        assertThat(answer.statusCode()).isEqualTo(421);
        assertThat(answer.body()).doesNotContain("web").contains("no Node has this address");
    }

    @Test
    void saysThatThePodIsGone() throws Exception {
        kubelet.pods.gone.add("m-web");

        assertThat(kubelet.get(kubelet.uri("/pods")).statusCode()).isEqualTo(404);
        assertThat(kubelet.get(kubelet.uri("/containerLogs/default/web/main")).statusCode())
                .isEqualTo(404);
    }

    @Test
    void endsTheConnectionsToANodeThatGoes() throws Exception {
        try (var client = kubelet.client()) {
            var log =
                    client.send(
                            KubeletFixture.request(
                                            kubelet.uri(
                                                    "/containerLogs/default/web/main?follow=true"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofInputStream());
            try (var body = log.body()) {
                assertThat(new String(body.readNBytes(8))).isEqualTo("one\ntwo\n");

                kubelet.server.close("m-web");

                assertThatThrownBy(body::readAllBytes).isInstanceOf(IOException.class);
            }
        }
        assertThatThrownBy(() -> kubelet.get(kubelet.uri("/pods")))
                .isInstanceOf(ConnectException.class);
        assertThat(kubelet.get(kubelet.hostUri("/healthz")).statusCode()).isEqualTo(200);
    }

    @Test
    void measuresThePodOfTheNodeOnly() throws Exception {
        var answer = kubelet.get(kubelet.uri("/metrics/resource"));

        assertThat(answer.headers().firstValue("content-type"))
                .hasValue("text/plain; version=0.0.4; charset=utf-8");
        assertThat(answer.body())
                .contains(
                        "# TYPE node_cpu_usage_seconds_total counter\n",
                        "\nnode_cpu_usage_seconds_total 4.5 1767225660000\n",
                        "\nresource_scrape_error 0.0\n")
                .doesNotContain("\"db\"");
    }

    @Test
    void speaksOpenMetricsToThoseWhoAskForIt() throws Exception {
        try (var client = kubelet.client()) {
            var request =
                    KubeletFixture.request(kubelet.uri("/metrics/cadvisor"))
                            .header("Accept", "application/openmetrics-text;version=1.0.0")
                            .build();

            var answer = client.send(request, HttpResponse.BodyHandlers.ofString());

            assertThat(answer.headers().firstValue("content-type"))
                    .hasValue("application/openmetrics-text; version=1.0.0; charset=utf-8");
            assertThat(answer.body()).contains("machine_cpu_cores 2.0\n").endsWith("# EOF\n");
        }
    }

    @Test
    void summarizesThePodAsItsNode() throws Exception {
        var summary = new JsonMapper().readTree(kubelet.get(kubelet.uri("/stats/summary")).body());

        assertThat(summary.at("/node/nodeName").asText()).isEqualTo("node-web");
        assertThat(summary.at("/node/cpu/usageCoreNanoSeconds").asLong()).isEqualTo(4_500_000_000L);
        assertThat(summary.at("/pods")).hasSize(1);
    }

    @Test
    void passesLogOptionsOn() throws Exception {
        var answer =
                kubelet.get(
                        kubelet.uri(
                                "/containerLogs/default/web/main?timestamps=true&tailLines=7"
                                        + "&limitBytes=9&sinceTime=2026-01-02T03:04:05%2B01:00"));

        assertThat(answer.body()).isEqualTo("one\ntwo\n");
        assertThat(kubelet.pods.logRequests)
                .containsExactly(
                        new LogOptions(
                                false,
                                false,
                                true,
                                7,
                                9,
                                Optional.of(Instant.parse("2026-01-02T02:04:05Z"))));
    }

    @Test
    void tellsWhyThereIsNoLog() throws Exception {
        var previous = kubelet.get(kubelet.uri("/containerLogs/default/web/main?previous=true"));
        var missing = kubelet.get(kubelet.uri("/containerLogs/default/none/main"));
        var wrong = kubelet.get(kubelet.uri("/containerLogs/default/web/main?tailLines=-3"));
        var unknown = kubelet.get(kubelet.uri("/nothing"));

        assertThat(previous.statusCode()).isEqualTo(400);
        assertThat(previous.body()).isEqualTo("previous terminated container not found");
        assertThat(missing.statusCode()).isEqualTo(404);
        assertThat(wrong.statusCode()).isEqualTo(422);
        assertThat(unknown.statusCode()).isEqualTo(404);
    }

    @Test
    void answersEachRefusalOfAPodWithAStatus() throws Exception {
        Map<Refusal, Integer> statuses =
                Map.of(
                        new Refusal.NotFound("it does not run"), 404,
                        new Refusal.Invalid("it has no such container"), 400,
                        new Refusal.Failed("its machine is gone"), 500);
        for (var each : statuses.entrySet()) {
            kubelet.pods.refusal = Optional.of(each.getKey());
            var answer = kubelet.get(kubelet.uri("/containerLogs/default/web/main"));

            assertThat(answer.statusCode()).isEqualTo(each.getValue());
            assertThat(answer.body()).isEqualTo(each.getKey().message());
        }
    }

    @Test
    void interruptsFollowWhenTheClientLeaves() throws Exception {
        try (var client = kubelet.client()) {
            var answer =
                    client.send(
                            KubeletFixture.request(
                                            kubelet.uri(
                                                    "/containerLogs/default/web/main?follow=true"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofInputStream());
            try (var body = answer.body()) {
                assertThat(new String(body.readNBytes(8))).isEqualTo("one\ntwo\n");
            }
            client.shutdownNow();
        }

        assertThat(kubelet.pods.ended.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void execNeedsAnUpgrade() throws Exception {
        var answer = kubelet.get(kubelet.uri("/exec/default/web/main?command=true&output=1"));

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("unable to upgrade");
    }
}
