package dev.monopod.kube.serving;

import dev.monopod.model.loop.Loops;
import dev.monopod.model.time.SteadyClock;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Stands before a server that does not know how many connections a client has, and lets no client
/// have more than its share. What it lets in it passes on byte by byte, and understands nothing of:
/// the server behind decides how long a silent client may stay. Two virtual threads serve each
/// connection.
public final class Gate implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Gate.class);
    private static final int CONNECT_MILLIS = 5000;

    /// Small, as a flood of connections has two of them each.
    private static final int BUFFER_BYTES = 4096;

    private final InetSocketAddress behind;
    private final String name;
    private final ConnectionLimits limits;
    private final Acceptor acceptor;
    private final Set<Socket> clients = ConcurrentHashMap.newKeySet();

    /// Listens, but lets nobody in before [#start()].
    ///
    /// @param backlog connections that the kernel keeps until they are accepted
    /// @param behind the server, on this machine
    /// @param name in logs, and of the loop that accepts
    /// @throws IOException if it cannot listen
    public Gate(
            InetSocketAddress address,
            int backlog,
            InetSocketAddress behind,
            ConnectionLimits.Bounds bounds,
            String name,
            Loops loops)
            throws IOException {
        this.behind = behind;
        this.name = name;
        this.limits = new ConnectionLimits(bounds, SteadyClock.ofProcess());
        this.acceptor = new Acceptor(address, backlog, name, this::enter, loops);
    }

    public void start() {
        acceptor.start();
    }

    /// The port in use, also if it was chosen by the kernel.
    public int port() {
        return acceptor.port();
    }

    private void enter(Socket client) {
        var place = limits.enter(client.getInetAddress(), client.getLocalAddress());
        if (place.isEmpty()) {
            LOG.debug("{}: {} has its share of connections", name, client.getInetAddress());
            Acceptor.hangUp(client);
            return;
        }
        clients.add(client);
        Thread.ofVirtual()
                .name(name)
                .start(() -> {
                    try (client) {
                        pass(client);
                    } catch (IOException e) {
                        LOG.debug("{}: a connection ended: {}", name, e.toString());
                    } finally {
                        clients.remove(client);
                        place.get().leave();
                    }
                });
    }

    private void pass(Socket client) throws IOException {
        try (var server = new Socket()) {
            server.connect(behind, CONNECT_MILLIS);
            server.setTcpNoDelay(true);
            client.setTcpNoDelay(true);
            // A client that has vanished does not keep its place.
            client.setKeepAlive(true);
            var answers =
                    Thread.ofVirtual()
                            .name(name + "-answers")
                            .start(() -> {
                                copy(server, client);
                                // Ends the reading below, too.
                                Acceptor.hangUp(client);
                            });
            copy(client, server);
            shutdownOutput(server);
            answers.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// Returns at the end of what `from` says, or when `to` hears nothing more.
    private void copy(Socket from, Socket to) {
        var bytes = new byte[BUFFER_BYTES];
        try {
            InputStream input = from.getInputStream();
            OutputStream output = to.getOutputStream();
            for (var count = input.read(bytes); count >= 0; count = input.read(bytes)) {
                output.write(bytes, 0, count);
            }
        } catch (IOException e) {
            LOG.debug("{}: no more bytes: {}", name, e.toString());
        }
    }

    private static void shutdownOutput(Socket socket) throws IOException {
        if (!socket.isClosed()) {
            socket.shutdownOutput();
        }
    }

    /// Lets nobody in any more, and ends all connections.
    @Override
    public void close() {
        acceptor.close();
        clients.forEach(Acceptor::hangUp);
    }
}
