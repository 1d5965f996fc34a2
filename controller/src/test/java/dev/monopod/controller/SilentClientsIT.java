package dev.monopod.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Who reaches the listener for agents and says nothing there, with a captured host's certificate
/// or without one, keeps no agent from its answer, and nothing of the controller for long.
@Timeout(180)
final class SilentClientsIT {
    private static final int WITHOUT_TLS = 300;
    private static final int WITH_TLS = 100;

    /// Ten seconds, and what a busy machine needs to look.
    private static final Duration CUT_OFF = Duration.ofSeconds(25);

    private static final int READ_MILLIS = 1;

    private final List<Socket> silent = new ArrayList<>();
    @TempDir private Path folder;

    @Test
    void clientsThatSayNothingKeepNoAgentFromItsAnswerAndAreCutOff()
            throws IOException, InterruptedException, GeneralSecurityException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        var log = folder.resolve("log");
        try (ApiServer apiServer = ApiServer.start(binary)) {
            var controller = ControllerProcess.start(apiServer, 0, "one", log);
            try {
                Awaitility.await()
                        .atMost(Duration.ofSeconds(90))
                        .untilAsserted(() ->
                                assertThat(Files.readString(log))
                                        .contains("answered at /127.0.0.1:" + port()));
                var tls = tls(apiServer);
                connect(tls);

                assertThat(ask(tls)).as("a token that is none").isBetween(400, 499);
                Awaitility.await()
                        .atMost(CUT_OFF)
                        .untilAsserted(() -> assertThat(silent).allMatch(SilentClientsIT::cutOff));
                assertThat(ask(tls)).isBetween(400, 499);
            } finally {
                for (var socket : silent) {
                    socket.close();
                }
                controller.destroyForcibly().waitFor();
            }
        }
    }

    private void connect(SSLContext tls) throws IOException {
        for (int i = 0; i < WITHOUT_TLS; i++) {
            var socket = socket();
            socket.setSoTimeout(READ_MILLIS);
            silent.add(socket);
        }
        for (int i = 0; i < WITH_TLS; i++) {
            var socket =
                    (SSLSocket)
                            tls.getSocketFactory()
                                    .createSocket(socket(), "localhost", port(), true);
            silent.add(socket);
            socket.startHandshake();
            socket.setSoTimeout(READ_MILLIS);
        }
    }

    private static Socket socket() throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), port());
        socket.setSoTimeout(5000);
        return socket;
    }

    private static int port() {
        return ControllerProcess.agentsPort(0);
    }

    private static SSLContext tls(ApiServer apiServer)
            throws IOException, GeneralSecurityException {
        var kubeconfig = apiServer.kubeconfig().resolveSibling("agent.kubeconfig");
        return SSLUtils.sslContext(Config.fromKubeconfig(kubeconfig.toFile()));
    }

    private static int ask(SSLContext tls) throws IOException, InterruptedException {
        try (var client = HttpClient.newBuilder().sslContext(tls).build()) {
            return client.send(
                            HttpRequest.newBuilder(
                                            URI.create(
                                                    "https://127.0.0.1:%d/clusters/monopod/assume-role-for-pod-identity"
                                                            .formatted(port())))
                                    .timeout(Duration.ofSeconds(8))
                                    .POST(BodyPublishers.ofString("{\"token\": \"none\"}"))
                                    .build(),
                            BodyHandlers.discarding())
                    .statusCode();
        }
    }

    /// Whether the server has closed it.
    private static boolean cutOff(Socket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException open) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }
}
