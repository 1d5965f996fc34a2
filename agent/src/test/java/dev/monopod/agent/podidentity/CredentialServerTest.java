package dev.monopod.agent.podidentity;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.model.loop.Loops;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Pods here are addresses of loopback: 127.0.0.2 is pod two, 127.0.0.3 pod three, others none.
@Timeout(30)
class CredentialServerTest {
    private static final String REQUEST = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";

    private final List<Socket> held = new ArrayList<>();
    private CredentialServer server;

    @BeforeEach
    void start() throws IOException {
        server = server(Duration.ofSeconds(20));
    }

    private static CredentialServer server(Duration patience) throws IOException {
        return new CredentialServer(
                new InetSocketAddress("127.0.0.1", 0),
                patience,
                peer ->
                        switch (peer.getHostAddress()) {
                            case "127.0.0.2" -> Optional.of("two");
                            case "127.0.0.3" -> Optional.of("three");
                            case "127.0.0.4" -> throw new IllegalStateException("a bug");
                            default -> Optional.empty();
                        },
                (pod, request) ->
                        PodResponse.text(
                                200,
                                "%s %s %s %d"
                                        .formatted(
                                                pod,
                                                request.method(),
                                                request.target(),
                                                request.body().length)),
                new Loops(Clock.systemUTC(), new Random(1)));
    }

    @Test
    void acceptsOthersAfterOneThatTheServerFailedOn() throws IOException {
        assertThat(said(from("127.0.0.4"), REQUEST)).isEmpty();

        assertThat(said(from("127.0.0.2"), REQUEST)).endsWith("two GET /x 0");
    }

    @AfterEach
    void end() throws IOException {
        for (var socket : held) {
            socket.close();
        }
        server.close();
    }

    private Socket from(String address) throws IOException {
        return from(address, server);
    }

    private Socket from(String address, CredentialServer to) throws IOException {
        var socket = new Socket();
        held.add(socket);
        socket.bind(new InetSocketAddress(InetAddress.getByName(address), 0));
        socket.connect(new InetSocketAddress("127.0.0.1", to.port()));
        return socket;
    }

    /// All that is answered; nothing if the connection is ended instead.
    private static String said(Socket socket, String request) throws IOException {
        try {
            socket.getOutputStream().write(request.getBytes(UTF_8));
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        } catch (SocketException reset) {
            return "";
        }
    }

    @Test
    void answersAPodByItsAddressOnceAConnection() throws IOException {
        assertThat(said(from("127.0.0.2"), REQUEST + REQUEST))
                .startsWith("HTTP/1.1 200 OK\r\n")
                .contains("\r\nConnection: close\r\n")
                .endsWith("\r\n\r\ntwo GET /x 0");
        assertThat(said(from("127.0.0.3"), REQUEST)).endsWith("three GET /x 0");
    }

    @Test
    void hangsUpOnWhoIsNoPodOfThisHost() throws IOException {
        assertThat(said(from("127.0.0.9"), REQUEST)).isEmpty();
    }

    @Test
    void aPodThatHoldsItsConnectionsKeepsOutItselfAlone() throws IOException {
        for (var i = 0; i < CredentialServer.MOST_CONNECTIONS_OF_A_POD; i++) {
            from("127.0.0.2").getOutputStream().write('G');
        }

        for (var i = 0; i < 50; i++) {
            assertThat(said(from("127.0.0.2"), REQUEST)).isEmpty();
        }
        assertThat(said(from("127.0.0.3"), REQUEST)).endsWith("three GET /x 0");
    }

    @Test
    void endsARequestThatComesTooSlowly() throws IOException {
        try (var impatient = server(Duration.ofMillis(200))) {
            var slow = from("127.0.0.2", impatient);
            slow.getOutputStream().write("GET /x HT".getBytes(UTF_8));

            assertThat(slow.getInputStream().read()).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /x\r\n\r\n",
                "GET /x y HTTP/1.1\r\n\r\n",
                "GET /x SPDY/3\r\n\r\n",
                "GET /x HTTP/1.1\r\nHost : h\r\n\r\n",
                "GET /x HTTP/1.1\r\nHost: h\r\n more: h\r\n\r\n",
                "GET /x HTTP/1.1\r\nHost: h\nOther: h\r\n\r\n",
                "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                "POST / HTTP/1.1\r\nContent-Length: 70000\r\n\r\n",
            })
    void refusesWhatTwoReadersCouldReadDifferently(String request) throws IOException {
        assertThat(said(from("127.0.0.2"), request)).startsWith("HTTP/1.1 400 ");
    }

    @Test
    void readsABodyOfItsLength() throws IOException {
        assertThat(said(from("127.0.0.2"), "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcd"))
                .endsWith("two POST / 3");
    }

    @Test
    void refusesAHeadWithoutEnd() throws IOException {
        assertThat(said(from("127.0.0.2"), "GET /x HTTP/1.1\r\nA: " + "a".repeat(16 * 1024)))
                .startsWith("HTTP/1.1 400 ");
    }
}
