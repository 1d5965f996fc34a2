package dev.monopod.kube.serving;

import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Accepts connections in a loop of its own, and hands each on. Whatever one of them leads to, the
/// next one is accepted, after a back-off.
public final class Acceptor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Acceptor.class);

    private static final Pace PACE =
            Pace.whenNudged().withRetries(Duration.ofMillis(100), Duration.ofSeconds(10));

    private final ServerSocket listener;
    private final Consumer<Socket> connections;
    private final Loop accepting;

    /// Listens, but accepts only after [#start()].
    ///
    /// @param backlog connections that the kernel keeps until they are accepted
    /// @param name of the loop
    /// @param connections is given each on the loop's thread, so it must not wait; closes it
    /// @param loops where it is seen that connections are accepted
    /// @throws IOException if it cannot listen
    public Acceptor(
            InetSocketAddress address,
            int backlog,
            String name,
            Consumer<Socket> connections,
            Loops loops)
            throws IOException {
        this.connections = connections;
        listener = new ServerSocket();
        try {
            listener.setReuseAddress(true);
            listener.bind(address, backlog);
        } catch (IOException e) {
            listener.close();
            throw new IOException("cannot listen at " + address + ": " + e.getMessage(), e);
        }
        accepting = loops.lasting(name, PACE, this::accept);
    }

    public void start() {
        accepting.start();
    }

    /// The port in use, also if it was chosen by the kernel.
    public int port() {
        return listener.getLocalPort();
    }

    private void accept(Loop.Signs signs) throws IOException {
        while (!listener.isClosed()) {
            signs.waits();
            Socket connection;
            try {
                connection = listener.accept();
            } catch (IOException e) {
                if (listener.isClosed()) {
                    return;
                }
                throw e;
            }
            signs.works();
            try {
                connections.accept(connection);
            } catch (RuntimeException e) {
                hangUp(connection);
                throw e;
            }
            signs.succeeds();
        }
    }

    /// Closes a connection, whatever state it is in.
    public static void hangUp(Socket connection) {
        try {
            connection.close();
        } catch (IOException e) {
            LOG.debug("failed to hang up: {}", e.toString());
        }
    }

    /// Accepts no more. Connections that were handed on are not touched.
    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            LOG.warn("failed to stop listening: {}", e.toString());
        }
        accepting.close();
    }
}
