package dev.monopod.controller.serving;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.monopod.kube.serving.ConnectionLimits.Bounds;
import dev.monopod.kube.serving.Gate;
import dev.monopod.model.loop.Loops;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// An HTTPS server of the JDK, with one virtual thread for each request, that no single client
/// keeps from answering others. The JDK's server counts connections, but not whose they are: where
/// strangers reach it, a [Gate] stands before it, and it listens itself on loopback, which is for
/// this machine's own processes.
public final class GatedServer implements AutoCloseable {
    /// What the gate leaves to this host itself, however many strangers come.
    private static final int OWN = 200;

    private final HttpsServer server;
    private final ExecutorService threads;
    private final Optional<Gate> gate;

    /// How it listens.
    ///
    /// @param backlog connections that the kernel keeps until they are accepted
    /// @param ofOnePeer connections that one address may have at a time, if it is not this host's
    /// @param name in logs, and of threads
    public record Settings(InetSocketAddress address, int backlog, int ofOnePeer, String name) {}

    /// Listens, but answers only after [#start()].
    ///
    /// @param loops where it is seen that connections are accepted
    /// @throws IOException if it cannot listen
    public GatedServer(Settings settings, HttpsConfigurator tls, Loops loops) throws IOException {
        var address = settings.address();
        var gated = !address.getAddress().isLoopbackAddress();
        server =
                HttpsServer.create(
                        gated
                                ? new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)
                                : address,
                        settings.backlog());
        server.setHttpsConfigurator(tls);
        threads =
                Executors.newThreadPerTaskExecutor(
                        Thread.ofVirtual().name(settings.name() + "-", 0).factory());
        server.setExecutor(threads);
        try {
            gate = gated ? Optional.of(gate(settings, loops)) : Optional.empty();
        } catch (IOException | RuntimeException e) {
            close(0);
            throw e;
        }
    }

    private Gate gate(Settings settings, Loops loops) throws IOException {
        var most = HttpServerLimits.MOST_CONNECTIONS;
        return new Gate(
                settings.address(),
                settings.backlog(),
                server.getAddress(),
                new Bounds(most, most - OWN, settings.ofOnePeer()),
                settings.name() + "-gate",
                loops);
    }

    /// For contexts: what is answered where.
    public HttpsServer server() {
        return server;
    }

    /// The port in use, also if it was chosen by the kernel.
    public int port() {
        return gate.map(Gate::port).orElseGet(() -> server.getAddress().getPort());
    }

    /// Begins to answer.
    public void start() {
        server.start();
        gate.ifPresent(Gate::start);
    }

    /// Waits at most one second for answers under way.
    @Override
    public void close() {
        gate.ifPresent(Gate::close);
        close(1);
    }

    private void close(int patienceSeconds) {
        server.stop(patienceSeconds);
        threads.shutdownNow();
    }
}
