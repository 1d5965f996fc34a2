package dev.monopod.kube.serving;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.serving.ConnectionLimits.Bounds;
import dev.monopod.model.loop.Loops;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Clock;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A server that says back what it hears stands behind. Peers are addresses of loopback.
@Timeout(30)
final class GateTest {
    private final Loops loops = new Loops(Clock.systemUTC(), new Random(1));
    private ServerSocket behind;
    private Gate gate;

    @BeforeEach
    void start() throws IOException {
        behind = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::echo);
        gate =
                new Gate(
                        new InetSocketAddress("0.0.0.0", 0),
                        50,
                        new InetSocketAddress(behind.getInetAddress(), behind.getLocalPort()),
                        new Bounds(10, 6, 2),
                        "gate",
                        loops);
        gate.start();
    }

    @AfterEach
    void end() throws IOException {
        gate.close();
        behind.close();
    }

    @Test
    void passesOnAllBytesBothWaysUntilBothHaveEnded() throws IOException {
        var said = new byte[100_000];
        new Random(1).nextBytes(said);
        try (var client = from("127.0.0.2")) {
            Thread.ofVirtual()
                    .start(() -> {
                        try {
                            client.getOutputStream().write(said);
                            client.shutdownOutput();
                        } catch (IOException e) {
                            throw new IllegalStateException(e);
                        }
                    });

            assertThat(client.getInputStream().readAllBytes()).isEqualTo(said);
        }
    }

    @Test
    void hangsUpOnWhoHasItsShareAndOnNobodyElse() throws IOException {
        try (var first = from("127.0.0.2");
                var second = from("127.0.0.2");
                var third = from("127.0.0.2");
                var other = from("127.0.0.3")) {
            assertThat(answers(first)).isTrue();
            assertThat(answers(second)).isTrue();
            assertThat(answers(third)).isFalse();
            assertThat(answers(other)).isTrue();
        }
    }

    @Test
    void endsWhatItHasLetInWhenItCloses() throws IOException {
        try (var client = from("127.0.0.2")) {
            assertThat(answers(client)).isTrue();

            gate.close();

            assertThat(answers(client)).isFalse();
        }
    }

    private Socket from(String peer) throws IOException {
        var socket = new Socket();
        socket.bind(new InetSocketAddress(peer, 0));
        socket.connect(new InetSocketAddress("127.0.0.1", gate.port()));
        socket.setSoTimeout(10_000);
        return socket;
    }

    private static boolean answers(Socket socket) {
        try {
            socket.getOutputStream().write(7);
            return socket.getInputStream().read() == 7;
        } catch (IOException hungUp) {
            return false;
        }
    }

    private void echo() {
        while (!behind.isClosed()) {
            try {
                var connection = behind.accept();
                Thread.ofVirtual()
                        .start(() -> {
                            try (connection) {
                                connection
                                        .getInputStream()
                                        .transferTo(connection.getOutputStream());
                            } catch (IOException ended) {
                                return;
                            }
                        });
            } catch (IOException ended) {
                return;
            }
        }
    }
}
