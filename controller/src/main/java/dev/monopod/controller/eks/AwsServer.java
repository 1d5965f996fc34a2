package dev.monopod.controller.eks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.monopod.controller.serving.ServingCertificate;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiRequest.Header;
import dev.monopod.eks.wire.ApiResponse;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Hands each request as it came on the wire to who answers it, over TLS; one virtual thread for
/// each. Every answer, also the one to a fault of ours, has a request's id, which the log has too.
final class AwsServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AwsServer.class);
    private static final int LARGEST_REQUEST_BYTES = 1024 * 1024;
    private static final int BACKLOG = 64;

    private final HttpsServer server;
    private final ExecutorService threads;
    private final BiFunction<ApiRequest, String, ApiResponse> answers;

    /// Listens, but answers only after [#start()].
    ///
    /// @param answers is given the request's id, too
    /// @param certificate PEM, leaf first; re-read when it changes
    /// @throws IOException if it cannot listen, or the pair cannot be read
    AwsServer(
            InetSocketAddress address,
            Path certificate,
            Path key,
            BiFunction<ApiRequest, String, ApiResponse> answers)
            throws IOException {
        this.answers = answers;
        server = HttpsServer.create(address, BACKLOG);
        server.setHttpsConfigurator(
                new HttpsConfigurator(new ServingCertificate(certificate, key).context()));
        threads = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("aws-", 0).factory());
        server.setExecutor(threads);
        server.createContext("/", this::answer);
    }

    void start() {
        server.start();
        LOG.info("the EKS API listens at {}", server.getAddress());
    }

    /// The port in use, also if it was chosen by the kernel.
    int port() {
        return server.getAddress().getPort();
    }

    private void answer(HttpExchange exchange) throws IOException {
        var id = UUID.randomUUID().toString();
        try (exchange) {
            byte[] body;
            try (var input = exchange.getRequestBody()) {
                body = input.readNBytes(LARGEST_REQUEST_BYTES + 1);
            }
            if (body.length > LARGEST_REQUEST_BYTES) {
                exchange.sendResponseHeaders(HttpURLConnection.HTTP_ENTITY_TOO_LARGE, -1);
                return;
            }
            send(exchange, id, answer(request(exchange, body), id));
        }
    }

    private ApiResponse answer(ApiRequest request, String id) {
        try {
            var response = answers.apply(request, id);
            LOG.debug("{} {} {}: {}", id, request.method(), request.path(), response.status());
            return response;
        } catch (RuntimeException fault) {
            LOG.error("{} {} {} failed", id, request.method(), request.path(), fault);
            return AwsErrors.fault(id);
        }
    }

    private static ApiRequest request(HttpExchange exchange, byte[] body) {
        var target = exchange.getRequestURI();
        List<Header> headers =
                exchange.getRequestHeaders().entrySet().stream()
                        .flatMap(header ->
                                header.getValue().stream()
                                        .map(value -> new Header(header.getKey(), value)))
                        .toList();
        var path = target.getRawPath();
        var query = target.getRawQuery();
        return new ApiRequest(
                exchange.getRequestMethod(),
                path == null ? "" : path,
                query == null ? "" : query,
                headers,
                body);
    }

    private static void send(HttpExchange exchange, String id, ApiResponse response)
            throws IOException {
        response.headers().forEach(exchange.getResponseHeaders()::set);
        exchange.getResponseHeaders().set("x-amzn-RequestId", id);
        var body = response.body();
        exchange.sendResponseHeaders(response.status(), body.length == 0 ? -1 : body.length);
        try (var output = exchange.getResponseBody()) {
            output.write(body);
        }
    }

    /// Waits at most one second for answers under way.
    @Override
    public void close() {
        server.stop(1);
        threads.shutdownNow();
    }
}
