package dev.monopod.kube.health;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.time.SteadyClock;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// Answers `/readyz` and `/healthz` by HTTP, from the first moment of the process on. `/readyz` is
/// 503 until the start is over, and while a loop fails or hangs; `/healthz` is 503 only while a
/// loop hangs, or a start has come to no step at all for two minutes. The body of both lists all
/// loops. Without authentication: bind it to loopback.
public final class HealthServer implements AutoCloseable {
    private static final String STARTING = "the process starts";
    private static final Duration LONGEST_BEGINNING = Duration.ofMinutes(2);

    private final HttpServer server;
    private final Loops loops;
    private final InstantSource clock;
    private final Instant begun;
    private volatile String awaited = STARTING;

    /// Listens when it returns.
    public HealthServer(InetSocketAddress address, Loops loops) throws IOException {
        this(address, loops, SteadyClock.ofProcess());
    }

    HealthServer(InetSocketAddress address, Loops loops, InstantSource clock) throws IOException {
        this.loops = loops;
        this.clock = clock;
        this.begun = clock.instant();
        this.server = HttpServer.create(address, 0);
        server.createContext("/", this::answer);
        server.start();
    }

    /// What the start waits for now, in words.
    public void awaits(String what) {
        awaited = what.isEmpty() ? STARTING : what;
    }

    /// The start is over; only the loops count from now on.
    public void started() {
        awaited = "";
    }

    /// Where it listens.
    public InetSocketAddress address() {
        return server.getAddress();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            var path = exchange.getRequestURI().getPath();
            HealthReport report =
                    switch (path) {
                        case "/readyz" -> HealthReport.ready(awaited, loops.health());
                        case "/healthz" -> HealthReport.alive(begins(), awaited, loops.health());
                        default -> HealthReport.unknown(path);
                    };
            var body = report.body().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
            exchange.sendResponseHeaders(report.status(), body.length);
            exchange.getResponseBody().write(body);
        }
    }

    /// Whether the start goes on, as far as its steps do not tell: they are loops.
    private boolean begins() {
        return !awaited.equals(STARTING) || clock.instant().isBefore(begun.plus(LONGEST_BEGINNING));
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
