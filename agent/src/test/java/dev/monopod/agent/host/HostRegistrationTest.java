package dev.monopod.agent.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.monopod.host.machine.Hypervisor.Programs;
import dev.monopod.model.loop.LoopHealth;
import dev.monopod.model.loop.Loops;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class HostRegistrationTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir Path data;
    private final Queue<String> patches = new ConcurrentLinkedQueue<>();
    private final Loops loops = new Loops(InstantSource.fixed(NOW), new Random(1));
    private volatile Answer host = new Answer(404, "{}");
    private HttpServer server;
    private KubernetesClient client;
    private HostRegistration registration;
    private long shared;

    private record Answer(int status, String body) {}

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        client =
                new KubernetesClientBuilder()
                        .withConfig(
                                new ConfigBuilder(io.fabric8.kubernetes.client.Config.empty())
                                        .withMasterUrl(
                                                "http://127.0.0.1:" + server.getAddress().getPort())
                                        .withRequestRetryBackoffLimit(0)
                                        .build())
                        .build();
        registration =
                new HostRegistration(
                        client,
                        new HostRegistration.Facts(
                                "one",
                                "192.168.0.4",
                                "",
                                "kvm",
                                "6.12",
                                "0.1.0",
                                new Overcommit(1, 1),
                                data),
                        new HostRegistration.Machinery(
                                () -> shared,
                                () -> Optional.of(new Programs("6.12 0a", "0b", "7.2"))),
                        loops,
                        InstantSource.fixed(NOW));
    }

    @AfterEach
    void close() {
        registration.close();
        client.close();
        server.stop(0);
    }

    @Test
    void tellsTimeCapacityAndConditions() throws IOException {
        host = new Answer(200, host("{}"));

        registration.beat();

        assertThat(patches).hasSize(1);
        assertThat(patches.peek())
                .contains("\"heartbeat\":\"2026-01-01T00:00:00Z\"")
                .contains("\"capacityMilliCpu\":")
                .contains("\"type\":\"HardwareVirtualization\"")
                .contains("\"type\":\"DiskPressure\"");
    }

    @Test
    void promisesNoMemoryThatMachinesHaveInCommon() throws IOException {
        host = new Answer(200, host("{}"));
        registration.beat();
        shared = 626;
        registration.beat();

        assertThat(patches).hasSize(2);
        assertThat(memory(patches.remove()) - memory(patches.remove())).isEqualTo(626);
    }

    private static long memory(String patch) {
        return Long.parseLong(patch.replaceAll("(?s).*\"capacityMemoryMebiBytes\":(\\d+).*", "$1"));
    }

    /// The first of these ended the heartbeat for good: it is no exception of the client's.
    @Test
    void goesOnAfterAnyFailure() {
        host = new Answer(200, host("{\"cpuOvercommit\":0}"));
        registration.start();
        await().until(() -> health().failures() == 1);
        assertThat(health().lastError()).contains("overcommitment of CPU 0");

        host = new Answer(500, "{}");
        await().atMost(Duration.ofSeconds(15)).until(() -> health().failures() >= 2);

        host = new Answer(200, host("{}"));
        await().atMost(Duration.ofSeconds(15)).until(() -> !patches.isEmpty());
        await().until(() -> health().failures() == 0);
    }

    private LoopHealth health() {
        return loops.health().getFirst();
    }

    private static String host(String spec) {
        return "{\"apiVersion\":\"monopod.dev/v1\",\"kind\":\"Host\",\"metadata\":{\"name\":\"one\"},"
                + "\"spec\":"
                + spec
                + "}";
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String told =
                    new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            Answer answer = host;
            if (exchange.getRequestMethod().equals("PATCH")) {
                patches.add(told);
            }
            byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(answer.status(), body.length);
            exchange.getResponseBody().write(body);
        }
    }
}
