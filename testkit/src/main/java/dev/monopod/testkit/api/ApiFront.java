package dev.monopod.testkit.api;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/// Stands before an API server on loopback and passes on what clients ask, watches by HTTP too, but
/// no WebSockets; requests that have a fault fail until they are mended. Thread-safe.
public final class ApiFront implements AutoCloseable {
    private static final int BUFFER_BYTES = 8 << 10;

    /// Headers that belong to one connection.
    private static final Set<String> OF_THE_CONNECTION =
            Set.of(
                    "connection",
                    "content-length",
                    "host",
                    "http2-settings",
                    "transfer-encoding",
                    "upgrade");

    private final URI server;
    private final HttpClient http;
    private final HttpServer front;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Rule> rules = new CopyOnWriteArrayList<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final List<String> watches = new CopyOnWriteArrayList<>();

    /// How requests fail.
    public sealed interface Fault {
        /// They are answered so, and never reach the server.
        record Answers(int code) implements Fault {}

        /// They are passed on this late; mended meanwhile, at once.
        record Delays(Duration by) implements Fault {}

        /// The connection ends without an answer.
        record BreaksOff() implements Fault {}
    }

    private record Rule(String method, Pattern path, Fault fault, CountDownLatch mended) {
        boolean holds(HttpExchange exchange) {
            return method.equals(exchange.getRequestMethod())
                    && path.matcher(exchange.getRequestURI().getPath()).find();
        }
    }

    /// @param http speaks to the server, as whom it likes
    public ApiFront(URI server, HttpClient http) throws IOException {
        this.server = server;
        this.http = http;
        this.front =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        front.setExecutor(threads);
        front.createContext("/", this::serve);
        front.start();
    }

    public URI address() {
        return URI.create("http://127.0.0.1:" + front.getAddress().getPort());
    }

    /// A client that repeats nothing by itself, so that each fault is seen.
    public KubernetesClient client() {
        return new KubernetesClientBuilder()
                .withConfig(
                        new ConfigBuilder()
                                .withAutoConfigure(false)
                                .withMasterUrl(address().toString())
                                .withRequestRetryBackoffLimit(0)
                                .withOnlyHttpWatches(true)
                                .build())
                .build();
    }

    /// Of several rules for one request the first holds.
    ///
    /// @param path a regular expression that is found in the path
    public void fail(String method, String path, Fault fault) {
        rules.add(new Rule(method, Pattern.compile(path), fault, new CountDownLatch(1)));
    }

    /// No request fails any more.
    public void mend() {
        var gone = List.copyOf(rules);
        rules.removeAll(gone);
        gone.forEach(rule -> rule.mended().countDown());
    }

    /// `METHOD PATH` of every request, those that failed too.
    public List<String> asked() {
        return List.copyOf(asked);
    }

    /// Path of every watch that was asked for, in order.
    public List<String> watches() {
        return List.copyOf(watches);
    }

    @Override
    public void close() {
        front.stop(0);
        threads.shutdownNow();
    }

    private void serve(HttpExchange exchange) throws IOException {
        var uri = exchange.getRequestURI();
        asked.add(exchange.getRequestMethod() + " " + uri.getPath());
        if (uri.getQuery() != null && uri.getQuery().contains("watch=true")) {
            watches.add(uri.getPath());
        }
        try (exchange) {
            var rule = rules.stream().filter(each -> each.holds(exchange)).findFirst();
            if (passes(exchange, rule)) {
                forward(exchange);
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean passes(HttpExchange exchange, Optional<Rule> rule)
            throws IOException, InterruptedException {
        if (rule.isEmpty()) {
            return true;
        }
        return switch (rule.get().fault()) {
            case Fault.Answers(var code) -> {
                answer(exchange, code);
                yield false;
            }
            case Fault.Delays(var by) -> {
                var unused = rule.get().mended().await(by.toNanos(), TimeUnit.NANOSECONDS);
                yield true;
            }
            case Fault.BreaksOff() -> false;
        };
    }

    /// As the API server words a failure.
    private static void answer(HttpExchange exchange, int code) throws IOException {
        var body =
                """
                {"kind":"Status","apiVersion":"v1","status":"Failure","message":"told to fail","code":%d}\
                """
                        .formatted(code)
                        .getBytes(StandardCharsets.UTF_8);
        exchange.getRequestBody().readAllBytes();
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(code, body.length);
        exchange.getResponseBody().write(body);
    }

    private void forward(HttpExchange exchange) throws IOException, InterruptedException {
        var request =
                HttpRequest.newBuilder(server.resolve(exchange.getRequestURI()))
                        .method(
                                exchange.getRequestMethod(),
                                BodyPublishers.ofByteArray(
                                        exchange.getRequestBody().readAllBytes()));
        exchange.getRequestHeaders()
                .forEach((name, values) -> {
                    if (!OF_THE_CONNECTION.contains(name.toLowerCase(Locale.ROOT))) {
                        values.forEach(value -> request.header(name, value));
                    }
                });
        pass(http.send(request.build(), BodyHandlers.ofInputStream()), exchange);
    }

    /// Each piece as it comes: a watch never ends.
    private static void pass(HttpResponse<InputStream> response, HttpExchange exchange)
            throws IOException {
        response.headers()
                .map()
                .forEach((name, values) -> {
                    if (!name.startsWith(":")
                            && !OF_THE_CONNECTION.contains(name.toLowerCase(Locale.ROOT))) {
                        exchange.getResponseHeaders().put(name, values);
                    }
                });
        exchange.sendResponseHeaders(response.statusCode(), 0);
        try (var in = response.body();
                var out = exchange.getResponseBody()) {
            var buffer = new byte[BUFFER_BYTES];
            for (var length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                out.write(buffer, 0, length);
                out.flush();
            }
        }
    }
}
