package dev.monopod.agent.podidentity;

import dev.monopod.kube.serving.Acceptor;
import dev.monopod.model.loop.Loops;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers pods of one VPC over plain HTTP, one request a connection. The router lets a pod send
/// with its own address alone, so the address says who asks; who is no pod of this host is hung up
/// on. A pod has a few connections at a time, each for a few seconds: it keeps out nobody but
/// itself. One virtual thread accepts, one serves each connection.
final class CredentialServer implements AutoCloseable {
    static final int MOST_CONNECTIONS_OF_A_POD = 4;

    private static final Logger LOG = LoggerFactory.getLogger(CredentialServer.class);
    private static final int BACKLOG = 64;

    private final Acceptor acceptor;
    private final Duration patience;
    private final Function<InetAddress, Optional<String>> pods;
    private final BiFunction<String, PodRequest, PodResponse> answers;
    private final Map<String, Integer> connections = new HashMap<>();

    /// Listens, and answers, when it returns.
    ///
    /// @param patience with a request that is on its way
    /// @param pods whose an address is: the machine of a pod here
    /// @param answers is given that machine
    /// @param loops where it is seen that connections are accepted
    /// @throws IOException if it cannot listen
    CredentialServer(
            InetSocketAddress address,
            Duration patience,
            Function<InetAddress, Optional<String>> pods,
            BiFunction<String, PodRequest, PodResponse> answers,
            Loops loops)
            throws IOException {
        this.patience = patience;
        this.pods = pods;
        this.answers = answers;
        acceptor =
                new Acceptor(
                        address,
                        BACKLOG,
                        "pod-credentials-at-" + address.getHostString(),
                        this::enter,
                        loops);
        acceptor.start();
    }

    /// The port in use, also if it was chosen by the kernel.
    int port() {
        return acceptor.port();
    }

    private void enter(Socket connection) {
        var pod = pods.apply(connection.getInetAddress());
        if (pod.isEmpty() || !take(pod.get())) {
            Acceptor.hangUp(connection);
            return;
        }
        Thread.ofVirtual()
                .name("pod-credentials-of-" + pod.get())
                .start(() -> {
                    try (connection) {
                        serve(pod.get(), connection);
                    } catch (IOException e) {
                        LOG.debug("pod {} hung up: {}", pod.get(), e.toString());
                    } finally {
                        leave(pod.get());
                    }
                });
    }

    private void serve(String pod, Socket connection) throws IOException {
        PodResponse response;
        try {
            var input = new BufferedInputStream(new Timed(connection, patience));
            response = answers.apply(pod, RequestReader.read(input));
        } catch (RequestReader.MalformedException malformed) {
            response = PodResponse.text(400, malformed.reason());
        } catch (RuntimeException bug) {
            LOG.error("failed to answer pod {}", pod, bug);
            response = PodResponse.text(500, "an internal error occurred; the agent's log has it");
        }
        var output = connection.getOutputStream();
        output.write(
                "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
                        .formatted(
                                response.status(),
                                response.status() == 200 ? "OK" : "Error",
                                response.mediaType(),
                                response.body().length)
                        .getBytes(StandardCharsets.ISO_8859_1));
        output.write(response.body());
        output.flush();
    }

    private synchronized boolean take(String pod) {
        var count = connections.getOrDefault(pod, 0);
        if (count >= MOST_CONNECTIONS_OF_A_POD) {
            return false;
        }
        connections.put(pod, count + 1);
        return true;
    }

    private synchronized void leave(String pod) {
        connections.computeIfPresent(pod, (_, count) -> count > 1 ? count - 1 : null);
    }

    /// Connections that are served end by themselves.
    @Override
    public void close() {
        acceptor.close();
    }

    /// Ends a read that goes beyond the time for all of them: a byte now and then gains nothing.
    private static final class Timed extends InputStream {
        private final Socket connection;
        private final InputStream input;
        private final long endNanos;

        Timed(Socket connection, Duration patience) throws IOException {
            this.connection = connection;
            this.input = connection.getInputStream();
            this.endNanos = System.nanoTime() + patience.toNanos();
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            var millis = (int) Duration.ofNanos(endNanos - System.nanoTime()).toMillis();
            if (millis <= 0) {
                throw new SocketTimeoutException("the request takes too long");
            }
            connection.setSoTimeout(millis);
            return input.read(bytes, offset, length);
        }
    }
}
