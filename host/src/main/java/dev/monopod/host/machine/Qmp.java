package dev.monopod.host.machine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// One conversation with QEMU's machine protocol: connects, does the handshake, asks. Source:
/// QEMU's "QMP protocol specification". Not thread-safe; short-lived, since QEMU serves one client
/// at a time.
final class Qmp implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long ANSWER_MILLIS = 5_000;
    private static final int LONGEST_LINE = 1 << 20;

    private final SocketChannel socket;
    private final Selector selector;
    private final StringBuilder received = new StringBuilder();

    private Qmp(SocketChannel socket, Selector selector) {
        this.socket = socket;
        this.selector = selector;
    }

    static Qmp connect(Path path) throws IOException {
        var socket = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            socket.connect(UnixDomainSocketAddress.of(path));
            socket.configureBlocking(false);
            var selector = Selector.open();
            socket.register(selector, SelectionKey.OP_READ);
            var qmp = new Qmp(socket, selector);
            qmp.line();
            qmp.execute("qmp_capabilities", Map.of());
            return qmp;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /// @return the answer's `return` value
    JsonNode execute(String command, Map<String, ?> arguments) throws IOException {
        var request = new LinkedHashMap<String, Object>();
        request.put("execute", command);
        if (!arguments.isEmpty()) {
            request.put("arguments", arguments);
        }
        var bytes = ByteBuffer.wrap(JSON.writeValueAsBytes(request));
        while (bytes.hasRemaining()) {
            socket.write(bytes);
        }
        while (true) {
            var answer = JSON.readTree(line());
            if (answer.has("error")) {
                throw new IOException(command + ": " + answer.path("error").path("desc").asText());
            }
            if (answer.has("return")) {
                return answer.path("return");
            }
            // Anything else is an event that nobody waits for.
        }
    }

    private String line() throws IOException {
        var deadline = System.nanoTime() + ANSWER_MILLIS * 1_000_000;
        var buffer = ByteBuffer.allocate(8192);
        while (true) {
            var end = received.indexOf("\n");
            if (end >= 0) {
                var line = received.substring(0, end);
                received.delete(0, end + 1);
                return line;
            }
            var left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0 || received.length() > LONGEST_LINE) {
                throw new IOException("QEMU's monitor did not answer in time");
            }
            selector.select(left);
            selector.selectedKeys().clear();
            buffer.clear();
            if (socket.read(buffer) < 0) {
                throw new IOException("QEMU's monitor closed the connection");
            }
            received.append(StandardCharsets.UTF_8.decode(buffer.flip()));
        }
    }

    @Override
    public void close() throws IOException {
        selector.close();
        socket.close();
    }
}
