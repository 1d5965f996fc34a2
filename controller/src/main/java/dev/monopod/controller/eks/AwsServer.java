package dev.monopod.controller.eks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import dev.monopod.controller.serving.GatedServer;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiRequest.Header;
import dev.monopod.eks.wire.ApiResponse;
import dev.monopod.model.loop.Loops;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.security.Principal;
import java.util.List;
import java.util.UUID;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Hands each request as it came on the wire to who answers it, over TLS; one virtual thread for
/// each. Every answer, also the one to a fault of ours, has a request's id, which the log has too.
final class AwsServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AwsServer.class);
    private static final int LARGEST_REQUEST_BYTES = 1024 * 1024;
    private static final int BACKLOG = 64;

    /// The agent of a host asks for each of its pods on a connection of its own, if need be.
    private static final int OF_ONE_PEER = 256;

    private final GatedServer server;
    private final Answers answers;
    private final InetSocketAddress address;

    /// Who answers.
    interface Answers {
        /// @param id of the request
        /// @param client user of the certificate that the caller showed; empty if it showed none
        ApiResponse answer(ApiRequest request, String id, String client);
    }

    /// Listens, but answers only after [#start()].
    ///
    /// @param loops where it is seen that connections are accepted
    /// @throws IOException if it cannot listen
    AwsServer(InetSocketAddress address, HttpsConfigurator tls, Answers answers, Loops loops)
            throws IOException {
        this.answers = answers;
        this.address = address;
        server =
                new GatedServer(
                        new GatedServer.Settings(
                                address, BACKLOG, OF_ONE_PEER, "aws-" + address.getPort()),
                        tls,
                        loops);
        server.server().createContext("/", this::answer);
    }

    void start() {
        server.start();
        LOG.info("AWS' APIs are answered at {}", address);
    }

    /// The port in use, also if it was chosen by the kernel.
    int port() {
        return server.port();
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
            send(exchange, id, answer(request(exchange, body), id, client(exchange)));
        }
    }

    private ApiResponse answer(ApiRequest request, String id, String client) {
        try {
            var response = answers.answer(request, id, client);
            LOG.debug("{} {} {}: {}", id, request.method(), request.path(), response.status());
            return response;
        } catch (RuntimeException fault) {
            LOG.error("{} {} {} failed", id, request.method(), request.path(), fault);
            return AwsErrors.fault(id);
        }
    }

    private static String client(HttpExchange exchange) {
        try {
            return exchange instanceof HttpsExchange secure
                    ? commonName(secure.getSSLSession().getPeerPrincipal())
                    : "";
        } catch (SSLPeerUnverifiedException none) {
            return "";
        }
    }

    /// Empty unless there is just one.
    private static String commonName(Principal principal) {
        try {
            var names =
                    new LdapName(principal.getName())
                            .getRdns().stream()
                                    .filter(part -> part.getType().equalsIgnoreCase("CN"))
                                    .map(part -> part.getValue().toString())
                                    .toList();
            return names.size() == 1 ? names.getFirst() : "";
        } catch (InvalidNameException unreadable) {
            return "";
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
        server.close();
    }
}
