package dev.monopod.agent.kubelet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WebSocketExecTest {
    @TempDir Path directory;
    private KubeletFixture kubelet;
    private HttpClient client;

    @BeforeEach
    void start() throws Exception {
        kubelet = new KubeletFixture(directory, Optional.empty());
        client = kubelet.client();
    }

    @AfterEach
    void stop() {
        client.shutdownNow();
        kubelet.close();
    }

    @Test
    void echoesUntilStdinIsClosed() throws Exception {
        var received = new Received(true);
        var socket = open("/exec/default/web/main?command=cat&input=1&output=1&error=1", received);
        var data = "x".repeat(30_000).getBytes(StandardCharsets.US_ASCII);

        for (int i = 0; i < 100; i++) {
            send(socket, 0, data);
        }
        socket.sendBinary(ByteBuffer.wrap(new byte[] {(byte) 255, 0}), true).join();
        received.closed.get(20, TimeUnit.SECONDS);

        assertThat(socket.getSubprotocol()).isEqualTo("v5.channel.k8s.io");
        assertThat(received.bytes(1)).hasSize(3_000_000).containsOnly('x');
        assertThat(received.text(3)).contains("\"status\":\"Success\"");
    }

    @Test
    void tellsTheExitCodeAfterAllOutput() throws Exception {
        var received = new Received(true);
        open(
                "/exec/default/web/main?command=sh&command=-c"
                        + "&command=echo%20out;%20echo%20err%20%3E%262;%20exit%203&stdout=1&stderr=1",
                received);
        received.closed.get(20, TimeUnit.SECONDS);

        assertThat(received.text(1)).isEqualTo("out\n");
        assertThat(received.text(2)).isEqualTo("err\n");
        assertThat(received.text(3))
                .contains("\"reason\":\"NonZeroExitCode\"", "\"reason\":\"ExitCode\"", "\"3\"");
    }

    @Test
    void tellsAFailureThatHappensAfterTheUpgrade() throws Exception {
        var received = new Received(true);
        open("/exec/default/web/main?command=fail&output=1", received);
        received.closed.get(20, TimeUnit.SECONDS);

        assertThat(received.text(3)).contains("InternalError", "no such container");
    }

    @Test
    void passesTerminalSizesOn() throws Exception {
        var received = new Received(true);
        var socket = open("/exec/default/web/main?command=sizes&input=1&output=1&tty=1", received);

        send(socket, 4, "{\"Width\":80,\"Height\":24}".getBytes(StandardCharsets.US_ASCII));
        send(socket, 4, "{\"Width\":1,\"Height\":2}".getBytes(StandardCharsets.US_ASCII));
        received.closed.get(20, TimeUnit.SECONDS);

        assertThat(received.text(1)).isEqualTo("80x24\n1x2\n");
    }

    @Test
    void stopsAFloodingProcessWhileTheClientDoesNotRead() throws Exception {
        var received = new Received(false);
        var socket = open("/exec/default/web/main?command=flood&output=1", received);
        var flooded = kubelet.pods.floodedBytes;
        await().atMost(Duration.ofSeconds(20)).until(() -> flooded.get() > 0);
        var before = new AtomicLong(-1);
        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(500))
                .until(() -> before.getAndSet(flooded.get()) == flooded.get());

        // Socket buffers of both sides, the client's and ours.
        assertThat(flooded.get()).isLessThan(32 * 1024 * 1024);

        socket.abort();
        assertThat(kubelet.pods.ended.await(20, TimeUnit.SECONDS)).isTrue();
    }

    private WebSocket open(String path, Received received) throws Exception {
        return client.newWebSocketBuilder()
                .header("Authorization", "Bearer good")
                .subprotocols("v5.channel.k8s.io", "v4.channel.k8s.io")
                .buildAsync(
                        URI.create(kubelet.uri(path).toString().replace("https:", "wss:")),
                        received)
                .get(20, TimeUnit.SECONDS);
    }

    private static void send(WebSocket socket, int channel, byte[] data) {
        var message = ByteBuffer.allocate(data.length + 1).put((byte) channel).put(data).flip();
        socket.sendBinary(message, true).join();
    }

    /// Collects messages by channel, or reads none at all.
    private static final class Received implements WebSocket.Listener {
        private final boolean reads;
        private final Map<Integer, ByteArrayOutputStream> channels = new ConcurrentHashMap<>();
        private final ByteArrayOutputStream message = new ByteArrayOutputStream();
        final CompletableFuture<Integer> closed = new CompletableFuture<>();

        Received(boolean reads) {
            this.reads = reads;
        }

        byte[] bytes(int channel) {
            return channels.getOrDefault(channel, new ByteArrayOutputStream()).toByteArray();
        }

        String text(int channel) {
            return new String(bytes(channel), StandardCharsets.UTF_8);
        }

        @Override
        public void onOpen(WebSocket socket) {
            if (reads) {
                socket.request(1);
            }
        }

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            var bytes = new byte[data.remaining()];
            data.get(bytes);
            message.writeBytes(bytes);
            if (last) {
                var whole = message.toByteArray();
                message.reset();
                channels.computeIfAbsent((int) whole[0], _ -> new ByteArrayOutputStream())
                        .write(whole, 1, whole.length - 1);
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int statusCode, String reason) {
            closed.complete(statusCode);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            closed.completeExceptionally(error);
        }
    }
}
