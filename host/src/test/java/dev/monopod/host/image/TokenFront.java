package dev.monopod.host.image;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;

/// Stands before a registry and demands a Bearer token, as public registries do: anyone gets one to
/// pull, but a wrong password gets none. Debian's registry has tokens too, but no server for them.
final class TokenFront implements AutoCloseable {
    private static final String TOKEN = "a-token";

    private final String registry;
    private final HttpServer server;
    private final HttpClient http = HttpClient.newHttpClient();
    private final Queue<String> scopes = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean breaks = new AtomicBoolean();

    TokenFront(String registry) throws IOException {
        this.registry = registry;
        this.server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/token", this::token);
        server.createContext("/v2/", this::forward);
        server.start();
    }

    String name() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    /// What tokens were asked for.
    Queue<String> scopes() {
        return scopes;
    }

    /// Half of the next gzip layer comes, then the connection ends.
    void breakNextLayer() {
        breaks.set(true);
    }

    private void token(HttpExchange exchange) throws IOException {
        var given = exchange.getRequestHeaders().getFirst("Authorization");
        var right =
                "Basic "
                        + Base64.getEncoder()
                                .encodeToString(
                                        (LocalRegistry.USER + ":" + LocalRegistry.PASSWORD)
                                                .getBytes(StandardCharsets.UTF_8));
        if (given != null && !given.equals(right)) {
            answer(
                    exchange,
                    401,
                    "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"wrong\"}]}");
            return;
        }
        for (var parameter : exchange.getRequestURI().getQuery().split("&", -1)) {
            if (parameter.startsWith("scope=")) {
                scopes.add(parameter.substring("scope=".length()));
            }
        }
        answer(exchange, 200, "{\"token\":\"" + TOKEN + "\",\"expires_in\":300}");
    }

    private void forward(HttpExchange exchange) throws IOException {
        if (!Objects.equals(
                exchange.getRequestHeaders().getFirst("Authorization"), "Bearer " + TOKEN)) {
            exchange.getResponseHeaders()
                    .set(
                            "WWW-Authenticate",
                            "Bearer realm=\"http://%s/token\",service=\"test\",scope=\"repository:app:pull\""
                                    .formatted(name()));
            answer(
                    exchange,
                    401,
                    "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"no token\"}]}");
            return;
        }
        var request =
                HttpRequest.newBuilder(URI.create("http://" + registry + exchange.getRequestURI()))
                        .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.noBody());
        for (var accepted :
                exchange.getRequestHeaders().getOrDefault("Accept", java.util.List.of())) {
            request.header("Accept", accepted);
        }
        try {
            var response = http.send(request.build(), BodyHandlers.ofByteArray());
            response.headers()
                    .firstValue("Content-Type")
                    .ifPresent(type -> exchange.getResponseHeaders().set("Content-Type", type));
            response.headers()
                    .firstValue("Docker-Content-Digest")
                    .ifPresent(
                            it -> exchange.getResponseHeaders().set("Docker-Content-Digest", it));
            var body = response.body();
            var head = exchange.getRequestMethod().equals("HEAD");
            if (head) {
                exchange.getResponseHeaders()
                        .set(
                                "Content-Length",
                                response.headers().firstValue("Content-Length").orElse("0"));
            }
            exchange.sendResponseHeaders(response.statusCode(), head ? -1 : body.length);
            if (!head) {
                var gzip = body.length > 2 && body[0] == 0x1f && (body[1] & 0xff) == 0x8b;
                if (gzip && breaks.compareAndSet(true, false)) {
                    exchange.getResponseBody().write(body, 0, body.length / 2);
                    exchange.getResponseBody().flush();
                    throw new IOException("broken on purpose");
                }
                exchange.getResponseBody().write(body);
            }
            exchange.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new IOException(e));
        }
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        var bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
        http.close();
    }
}
