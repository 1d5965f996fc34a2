package dev.monopod.controller.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import dev.monopod.model.loop.Loops;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Peers are addresses of loopback: 127.0.0.2 floods, 127.0.0.3 asks, and 127.0.0.1 is the host.
@Timeout(60)
final class GatedServerTest {
    private static final int OF_ONE_PEER = 8;
    private static final int FLOOD = 2500;

    @TempDir private Path folder;
    private final List<Socket> sockets = new ArrayList<>();
    private final Loops loops = new Loops(Clock.systemUTC(), new Random(1));
    private GatedServer server;
    private PairFiles files;

    @BeforeEach
    void start() throws Exception {
        HttpServerLimits.set();
        files = new PairFiles(folder);
        files.write("server", PairFiles.Form.PKCS8, 1);
        server = server("0.0.0.0");
    }

    @AfterEach
    void end() throws IOException {
        for (var socket : sockets) {
            socket.close();
        }
        server.close();
    }

    @Test
    void onePeerThatHoldsAllTheConnectionsItLikesKeepsOutNobody() throws Exception {
        for (int i = 0; i < FLOOD; i++) {
            sockets.add(from("127.0.0.2"));
        }

        assertThat(ask("127.0.0.3")).startsWith("HTTP/1.1 200");
        assertThat(ask("127.0.0.1")).startsWith("HTTP/1.1 200");
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .untilAsserted(() ->
                        assertThat(sockets.stream().filter(GatedServerTest::open).count())
                                .isLessThanOrEqualTo(OF_ONE_PEER));
    }

    @Test
    void aPeerThatEndsItsConnectionsIsLetInAgain() throws Exception {
        for (int i = 0; i < OF_ONE_PEER; i++) {
            sockets.add(from("127.0.0.3"));
        }
        for (var socket : sockets) {
            socket.close();
        }

        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .ignoreException(IOException.class)
                .until(() -> ask("127.0.0.3").startsWith("HTTP/1.1 200"));
    }

    @Test
    void onLoopbackThereIsNoGate() throws Exception {
        try (var own = server("127.0.0.1")) {
            assertThat(own.port()).isEqualTo(own.server().getAddress().getPort());
        }
        assertThat(server.server().getAddress().getAddress().isLoopbackAddress()).isTrue();
    }

    private GatedServer server(String address) throws IOException {
        var made =
                new GatedServer(
                        new GatedServer.Settings(
                                new InetSocketAddress(address, 0), 256, OF_ONE_PEER, "test"),
                        new HttpsConfigurator(
                                new ServingCertificate(files.file("crt"), files.file("key"))
                                        .context()),
                        loops);
        made.server()
                .createContext(
                        "/",
                        exchange -> {
                            try (exchange) {
                                exchange.sendResponseHeaders(200, -1);
                            }
                        });
        made.start();
        return made;
    }

    private Socket from(String peer) throws IOException {
        var socket = new Socket();
        socket.bind(new InetSocketAddress(peer, 0));
        socket.connect(new InetSocketAddress("127.0.0.1", server.port()));
        socket.setSoTimeout(1);
        return socket;
    }

    /// At once: within two seconds, on a busy machine.
    private String ask(String peer) throws IOException, GeneralSecurityException {
        try (var plain = from(peer);
                var socket =
                        trust().getSocketFactory()
                                .createSocket(
                                        plain,
                                        InetAddress.getLoopbackAddress().getHostAddress(),
                                        server.port(),
                                        true)) {
            socket.setSoTimeout(2000);
            socket.getOutputStream()
                    .write(
                            "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    private SSLContext trust() throws IOException, GeneralSecurityException {
        var trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (var certificate = java.nio.file.Files.newInputStream(files.file("crt"))) {
            trusted.setCertificateEntry(
                    "server",
                    CertificateFactory.getInstance("X.509").generateCertificate(certificate));
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        var context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    private static boolean open(Socket socket) {
        try {
            return socket.getInputStream().read() >= 0;
        } catch (SocketTimeoutException silent) {
            return true;
        } catch (IOException reset) {
            return false;
        }
    }
}
