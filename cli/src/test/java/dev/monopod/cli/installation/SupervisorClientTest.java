package dev.monopod.cli.installation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SupervisorClientTest {
    @TempDir private Path folder;

    @Test
    void readsTheStateOfEachProcess() throws IOException {
        Optional<SupervisorClient.Status> status =
                statusFrom(
                        "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
                                + "{\"pid\":7,\"processes\":[{\"name\":\"etcd\",\"pid\":8,\"state\":\"running\",\"restarts\":2,"
                                + "\"since\":\"2026-01-01T00:00:00Z\",\"ready\":true,\"new\":1}]}");

        assertThat(status).isPresent();
        assertThat(status.orElseThrow().allReady()).isTrue();
        assertThat(status.orElseThrow().processes().getFirst().restarts()).isEqualTo(2);
    }

    @Test
    void takesAnErrorForNoAnswer() throws IOException {
        assertThat(statusFrom("HTTP/1.0 500 Internal Server Error\r\n\r\n{}")).isEmpty();
    }

    @Test
    void takesAMissingSocketForNoAnswer() {
        SupervisorClient client = new SupervisorClient(folder.resolve("none.sock"));

        assertThat(client.status()).isEmpty();
        assertThat(client.stop()).isFalse();
    }

    private Optional<SupervisorClient.Status> statusFrom(String answer) throws IOException {
        Path socket = folder.resolve("s.sock");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            Thread.ofVirtual()
                    .start(() -> {
                        try (SocketChannel peer = server.accept()) {
                            peer.read(ByteBuffer.allocate(1024));
                            peer.write(ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8)));
                        } catch (IOException failure) {
                            throw new java.io.UncheckedIOException(failure);
                        }
                    });
            return new SupervisorClient(socket).status();
        }
    }
}
