package dev.monopod.testkit.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.monopod.testkit.api.ApiFront.Fault;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The server behind the front says what it was asked; `/watch` says a line and then no more.
@Timeout(20)
final class ApiFrontTest {
    private final CountDownLatch watched = new CountDownLatch(1);
    private final HttpClient http = HttpClient.newHttpClient();
    private HttpServer server;
    private ApiFront front;

    @BeforeEach
    void stands() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext(
                "/",
                exchange -> {
                    try (exchange) {
                        var body =
                                exchange.getRequestMethod()
                                        + " "
                                        + exchange.getRequestURI()
                                        + " "
                                        + new String(
                                                exchange.getRequestBody().readAllBytes(),
                                                StandardCharsets.UTF_8);
                        exchange.sendResponseHeaders(201, 0);
                        exchange.getResponseBody().write(body.getBytes(StandardCharsets.UTF_8));
                    }
                });
        server.createContext(
                "/watch",
                exchange -> {
                    try (exchange) {
                        exchange.sendResponseHeaders(200, 0);
                        exchange.getResponseBody()
                                .write("first\n".getBytes(StandardCharsets.UTF_8));
                        exchange.getResponseBody().flush();
                        watched.await();
                    } catch (InterruptedException closed) {
                        Thread.currentThread().interrupt();
                    }
                });
        server.start();
        front =
                new ApiFront(
                        URI.create("http://127.0.0.1:" + server.getAddress().getPort()),
                        HttpClient.newHttpClient());
    }

    @AfterEach
    void falls() {
        watched.countDown();
        front.close();
        server.stop(0);
        http.shutdownNow();
    }

    private HttpResponse<String> send(String method, String path, String body)
            throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(front.address().resolve(path))
                        .method(method, BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    @Test
    void passesOnWhatHasNoFault() throws Exception {
        var answer = send("PATCH", "/api/v1/pods/a?force=true", "words");

        assertThat(answer.statusCode()).isEqualTo(201);
        assertThat(answer.body()).isEqualTo("PATCH /api/v1/pods/a?force=true words");
    }

    @Test
    void passesOnAWatchAsItComes() throws Exception {
        var answer =
                http.send(
                        HttpRequest.newBuilder(front.address().resolve("/watch")).build(),
                        BodyHandlers.ofInputStream());
        try (var in = answer.body()) {
            assertThat(new String(in.readNBytes(6), StandardCharsets.UTF_8)).isEqualTo("first\n");
        }
    }

    @Test
    void refusesOneKindOfRequestUntilMended() throws Exception {
        front.fail("PATCH", "/status$", new Fault.Answers(503));

        assertThat(send("PATCH", "/api/v1/pods/a/status", "x").statusCode()).isEqualTo(503);
        assertThat(send("GET", "/api/v1/pods/a/status", "").statusCode()).isEqualTo(201);
        front.mend();
        assertThat(send("PATCH", "/api/v1/pods/a/status", "x").statusCode()).isEqualTo(201);
    }

    @Test
    void clientsSeeTheCodeThatIsTold() {
        front.fail("GET", "/pods/a$", new Fault.Answers(429));
        try (var client = front.client()) {
            assertThatThrownBy(() -> client.pods().inNamespace("n").withName("a").get())
                    .isInstanceOfSatisfying(
                            KubernetesClientException.class,
                            e -> assertThat(e.getCode()).isEqualTo(429));
        }
        assertThat(front.asked()).containsExactly("GET /api/v1/namespaces/n/pods/a");
    }

    @Test
    void breaksOffWithoutAnAnswer() {
        front.fail("GET", "/", new Fault.BreaksOff());

        assertThatThrownBy(() -> send("GET", "/api", "")).isInstanceOf(IOException.class);
    }

    @Test
    void delaysUntilMended() throws Exception {
        front.fail("GET", "/", new Fault.Delays(Duration.ofDays(1)));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var late = threads.submit(() -> send("GET", "/api", "").statusCode());
            await().until(() -> !front.asked().isEmpty());
            assertThat(late.isDone()).isFalse();

            front.mend();

            assertThat(late.get()).isEqualTo(201);
        }
    }
}
