package dev.monopod.cli.installation;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import dev.monopod.cli.terminal.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Speaks to the supervisor over its socket. The JDK's HTTP client knows no unix sockets; HTTP/1.0
/// needs none: one request, then all bytes until the end.
public final class SupervisorClient {
    private final Path socket;

    public SupervisorClient(Path socket) {
        this.socket = socket;
    }

    /// What the supervisor says of itself.
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Status(long pid, List<ProcessStatus> processes) {
        public boolean allReady() {
            return processes.stream().allMatch(ProcessStatus::ready);
        }
    }

    /// What the supervisor says of one process; `state` is waiting, running, backing-off, stopping
    /// or stopped.
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record ProcessStatus(
            String name,
            long pid,
            String state,
            int restarts,
            @Nullable String since,
            boolean ready,
            boolean adopted,
            @Nullable String message,
            @Nullable String lastExit) {}

    /// Empty if no supervisor answers.
    public Optional<Status> status() {
        try {
            return Optional.of(Json.read(request("GET", "/status"), Status.class));
        } catch (IOException noAnswer) {
            return Optional.empty();
        }
    }

    /// Asks it to stop all it tends, then itself; false if nobody answers.
    public boolean stop() {
        return post("/stop");
    }

    boolean restart(String process) {
        return post("/restart/" + process);
    }

    private boolean post(String path) {
        try {
            request("POST", path);
            return true;
        } catch (IOException noAnswer) {
            return false;
        }
    }

    private String request(String method, String path) throws IOException {
        try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            var head = "%s %s HTTP/1.0\r\nHost: supervisor\r\nContent-Length: 0\r\n\r\n";
            var request =
                    ByteBuffer.wrap(head.formatted(method, path).getBytes(StandardCharsets.UTF_8));
            while (request.hasRemaining()) {
                channel.write(request);
            }
            var answer = new ByteArrayOutputStream();
            var buffer = ByteBuffer.allocate(8192);
            while (channel.read(buffer) >= 0) {
                answer.write(buffer.array(), 0, buffer.position());
                buffer.clear();
            }
            var text = answer.toString(StandardCharsets.UTF_8);
            var body = text.indexOf("\r\n\r\n");
            if (body < 0 || !text.substring(0, body).matches("(?s)HTTP/1\\.\\d 2\\d\\d.*")) {
                throw new IOException("unexpected answer: " + text.lines().findFirst().orElse(""));
            }
            return text.substring(body + 4);
        }
    }
}
