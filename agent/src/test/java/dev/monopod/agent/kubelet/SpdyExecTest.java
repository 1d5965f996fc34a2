package dev.monopod.agent.kubelet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SpdyExecTest {
    private static final String V4 = "v4.channel.k8s.io";

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
    void tellsTheExitCodeAfterAllOutput() throws Exception {
        try (var client =
                open(
                        "sh&command=-c&command=cat;echo%20err%3E%262;exit%203&input=1&output=1&error=1")) {
            int error = client.openStream(Map.of("streamtype", "error"));
            int stdin = client.openStream(Map.of("streamtype", "stdin"));
            int stdout = client.openStream(Map.of("streamtype", "stdout"));
            int stderr = client.openStream(Map.of("streamtype", "stderr"));

            client.send(stdin, "hello".getBytes(StandardCharsets.US_ASCII), true);
            await().until(() -> client.isEnded(error));

            assertThat(client.responseHeader("X-Stream-Protocol-Version")).isEqualTo(V4);
            assertThat(client.text(stdout)).isEqualTo("hello");
            assertThat(client.text(stderr)).isEqualTo("err\n");
            assertThat(client.text(error)).contains("NonZeroExitCode", "\"message\":\"3\"");
            assertThat(client.isEnded(stdout)).isTrue();
        }
    }

    @Test
    void enlargesTheWindowOfAClientThatObeysIt() throws Exception {
        try (var client = open("cat&input=1&output=1")) {
            int error = client.openStream(Map.of("streamtype", "error"));
            int stdin = client.openStream(Map.of("streamtype", "stdin"));
            int stdout = client.openStream(Map.of("streamtype", "stdout"));
            int sent = 0;

            while (sent < 1_000_000) {
                int already = sent;
                await().until(() -> already + 10_000 <= 65_536 + client.windowOf(stdin));
                client.send(stdin, new byte[10_000], false);
                sent += 10_000;
            }
            client.send(stdin, new byte[0], true);
            await().until(() -> client.isEnded(error));

            assertThat(client.bytes(stdout)).hasSize(1_000_000);
            assertThat(client.windowOf(0)).isGreaterThan(900_000);
        }
    }

    @Test
    void stopsAFloodingProcessWhileTheClientDoesNotRead() throws Exception {
        try (var client = open("flood&output=1")) {
            client.openStream(Map.of("streamtype", "error"));
            client.openStream(Map.of("streamtype", "stdout"));
            var flooded = kubelet.pods.floodedBytes;
            await().until(() -> flooded.get() > 0);
            client.stopReading();
            var before = new AtomicLong(-1);
            await().atMost(Duration.ofSeconds(20))
                    .pollInterval(Duration.ofMillis(500))
                    .until(() -> before.getAndSet(flooded.get()) == flooded.get());
        }
        assertThat(kubelet.pods.ended.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void speaksOldProtocolsAndRefusesUnknownOnes() throws Exception {
        try (var client = SpdyClient.connect(kubelet, path("fail&output=1"), "channel.k8s.io")) {
            int error = client.openStream(Map.of("streamtype", "error"));
            client.openStream(Map.of("streamtype", "stdout"));
            await().until(() -> client.isEnded(error));

            assertThat(client.text(error)).isEqualTo("no such container");
        }
        try (var client = SpdyClient.connect(kubelet, path("cat&output=1"), "v9")) {
            assertThat(client.status()).isEqualTo(403);
        }
    }

    @Test
    void answersPings() throws Exception {
        try (var client = open("cat&input=1")) {
            client.ping(7);

            await().until(() -> client.pongs().contains(7));
        }
    }

    @Test
    void forwardsWithHalfCloseAndTellsARefusedPort() throws Exception {
        try (var listener = new java.net.ServerSocket(0);
                var client =
                        SpdyClient.connect(
                                kubelet, "/portForward/default/web", "portforward.k8s.io")) {
            var server =
                    Thread.startVirtualThread(() -> {
                        try (var socket = listener.accept()) {
                            var all = socket.getInputStream().readAllBytes();
                            socket.getOutputStream().write(all);
                        } catch (java.io.IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    });
            var port = Integer.toString(listener.getLocalPort());
            int error = client.openStream(forward("error", port, "0"));
            int data = client.openStream(forward("data", port, "0"));
            int refusedError = client.openStream(forward("error", "1", "1"));
            client.openStream(forward("data", "1", "1"));

            client.send(data, "ping".getBytes(StandardCharsets.US_ASCII), true);
            await().until(() -> client.isEnded(error) && client.isEnded(refusedError));
            server.join();

            assertThat(client.text(data)).isEqualTo("ping");
            assertThat(client.text(error)).isEmpty();
            assertThat(client.text(refusedError)).startsWith("error forwarding port");
        }
    }

    private static Map<String, String> forward(String type, String port, String request) {
        return Map.of("streamtype", type, "port", port, "requestid", request);
    }

    private SpdyClient open(String query) throws Exception {
        return SpdyClient.connect(kubelet, path(query), V4);
    }

    private static String path(String query) {
        return "/exec/default/web/main?command=" + query;
    }
}
