package dev.monopod.kube.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.monopod.model.loop.LoopHealth;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class HealthServerTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Pace PACE =
            Pace.whenNudged().withRetries(Duration.ofHours(1), Duration.ofHours(1));

    private final AtomicReference<Instant> now = new AtomicReference<>(START);
    private final Loops loops = new Loops(now::get, new Random(1));
    private final HttpClient http = HttpClient.newHttpClient();
    private HealthServer server;

    @BeforeEach
    void listen() throws IOException {
        server =
                new HealthServer(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        loops,
                        now::get);
    }

    @AfterEach
    void close() {
        server.close();
        http.close();
    }

    @Test
    void isAliveButNotReadyUntilTheStartIsOver() throws Exception {
        server.awaits("no API server yet");

        assertThat(ask("/healthz").statusCode()).isEqualTo(200);
        assertThat(ask("/readyz").statusCode()).isEqualTo(503);
        assertThat(ask("/readyz").body()).startsWith("[-]start failed: no API server yet\n");

        server.started();

        assertThat(ask("/readyz").statusCode()).isEqualTo(200);
        assertThat(ask("/readyz").body()).isEqualTo("[+]start ok\nreadyz check passed\n");
    }

    @Test
    void isNotAliveIfTheStartComesToNoStep() throws Exception {
        now.set(START.plus(Duration.ofMinutes(2)).minusMillis(1));
        assertThat(ask("/healthz").statusCode()).isEqualTo(200);

        now.set(START.plus(Duration.ofMinutes(2)));
        assertThat(ask("/healthz").statusCode()).isEqualTo(503);
        assertThat(ask("/healthz").body())
                .isEqualTo("[-]start failed: the process starts\nhealthz check failed\n");

        server.awaits("vpcs");
        assertThat(ask("/healthz").statusCode()).isEqualTo(200);
    }

    @Test
    void isNotReadyWhileALoopFails() throws Exception {
        server.started();
        try (var loop = loops.loop("leases", PACE, HealthServerTest::refuse)) {
            loop.start();
            await().until(() -> loop.health().failures() == 1);
            assertThat(ask("/readyz").statusCode()).isEqualTo(200);

            now.set(START.plus(LoopHealth.PATIENCE));

            assertThat(ask("/readyz").statusCode()).isEqualTo(503);
            assertThat(ask("/readyz").body())
                    .contains(
                            "[-]leases failed: java.lang.IllegalStateException: refused,"
                                    + " 1 times since 2026-01-01T00:00:00Z\n")
                    .endsWith("readyz check failed\n");
            assertThat(ask("/healthz").statusCode()).isEqualTo(200);
        }
        assertThat(ask("/readyz").statusCode()).isEqualTo(200);
    }

    @Test
    void isNeitherReadyNorAliveWhileALoopHangs() throws Exception {
        server.started();
        var entered = new CountDownLatch(1);
        try (var loop =
                loops.loop(
                        "leases",
                        PACE,
                        () -> {
                            entered.countDown();
                            new CountDownLatch(1).await();
                        })) {
            loop.start();
            entered.await();

            now.set(START.plusSeconds(25));

            assertThat(ask("/readyz").statusCode()).isEqualTo(503);
            assertThat(ask("/healthz").statusCode()).isEqualTo(503);
            assertThat(ask("/healthz").body())
                    .contains("[-]leases failed: stalled, no pass has ended since 2026-01-01");
        }
    }

    @Test
    void staysReadyWhenOnePodsLoopFails() throws Exception {
        server.started();
        try (var loop =
                loops.ofPod("pod-tasks", "default/web watch", PACE, HealthServerTest::refuse)) {
            loop.start();
            await().until(() -> loop.health().failures() == 1);

            now.set(START.plusSeconds(3600));

            assertThat(ask("/readyz").statusCode()).isEqualTo(200);
            assertThat(ask("/readyz").body())
                    .contains("[!]pod-tasks failed for 1 of 1: default/web watch failed: ");
        }
    }

    @Test
    void knowsNoOtherPath() throws Exception {
        assertThat(ask("/metrics").statusCode()).isEqualTo(404);
    }

    private static void refuse() {
        throw new IllegalStateException("refused");
    }

    private HttpResponse<String> ask(String path) throws IOException, InterruptedException {
        var uri = URI.create("http://127.0.0.1:" + server.address().getPort() + path);
        return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    }
}
