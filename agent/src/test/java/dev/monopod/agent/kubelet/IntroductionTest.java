package dev.monopod.agent.kubelet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.agent.kubelet.KubeletServerConfiguration.Limits;
import dev.monopod.kube.serving.ConnectionLimits;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class IntroductionTest {
    @TempDir Path directory;
    private final EmbeddedChannel channel = new EmbeddedChannel(false, false);
    private final PeerConnection connection = new PeerConnection(channel, Optional.empty());

    @Test
    void endsAConnectionThatHasNotSaidWhoItIsWithinTenSeconds() throws Exception {
        connect();

        pass(9);
        assertThat(channel.isOpen()).isTrue();
        pass(1);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void leavesAloneWhoHas() throws Exception {
        connect();
        pass(9);
        connection.noteAuthenticated();

        pass(100);
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void serverEndsWhoIsSilentAndServesWhoIsNot() throws Exception {
        var limits = new Limits(Duration.ofSeconds(1), new ConnectionLimits.Bounds(100, 100, 100));
        try (var kubelet = new KubeletFixture(directory, Optional.empty(), limits);
                var silent = new Socket(InetAddress.getLoopbackAddress(), kubelet.server.port());
                var tls =
                        kubelet.trust()
                                .getSocketFactory()
                                .createSocket(
                                        InetAddress.getLoopbackAddress(), kubelet.server.port())) {
            // The handshake, and the beginning of a request that says nothing of a user.
            tls.getOutputStream().write("GET /healthz HTTP/1.1\r\n".getBytes());

            assertThat(ended(silent)).isTrue();
            assertThat(ended(tls)).isTrue();
            assertThat(kubelet.get(kubelet.hostUri("/healthz")).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void serverTakesFewConnectionsOfOneAddress() throws Exception {
        var limits = new Limits(Duration.ofMinutes(10), new ConnectionLimits.Bounds(100, 100, 2));
        var peer = InetAddress.getByName("127.0.0.2");
        try (var kubelet = new KubeletFixture(directory, Optional.empty(), limits);
                var first = from(peer, kubelet);
                var second = from(peer, kubelet)) {
            assertThat(serves(kubelet, first)).isTrue();
            assertThat(serves(kubelet, second)).isTrue();
            try (var third = from(peer, kubelet)) {
                assertThat(ended(third)).isTrue();
            }
            assertThat(kubelet.get(kubelet.hostUri("/healthz")).statusCode()).isEqualTo(200);
        }
    }

    private static Socket from(InetAddress peer, KubeletFixture kubelet) throws Exception {
        return new Socket(InetAddress.getByName("127.0.0.1"), kubelet.server.port(), peer, 0);
    }

    /// Does the handshake, so it is known that the server has taken the connection.
    private static boolean serves(KubeletFixture kubelet, Socket socket) throws Exception {
        var tls =
                (javax.net.ssl.SSLSocket)
                        kubelet.trust()
                                .getSocketFactory()
                                .createSocket(socket, "127.0.0.1", socket.getPort(), false);
        tls.startHandshake();
        return tls.getSession().isValid();
    }

    private static boolean ended(Socket socket) throws Exception {
        try {
            return socket.getInputStream().readAllBytes().length == 0;
        } catch (SocketException | javax.net.ssl.SSLException e) {
            return true;
        }
    }

    private void connect() throws Exception {
        var limits = new ConnectionLimits(Limits.USUAL.connections(), Clock.systemUTC());
        var address = InetAddress.getLoopbackAddress();
        channel.pipeline()
                .addLast(
                        new Introduction(
                                connection,
                                limits.enter(address, address).orElseThrow(),
                                Limits.USUAL.unauthenticated()));
        channel.register();
        channel.freezeTime();
        channel.pipeline().fireChannelActive();
    }

    private void pass(int seconds) {
        channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
    }
}
