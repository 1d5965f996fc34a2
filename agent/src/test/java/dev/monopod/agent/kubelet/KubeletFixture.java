package dev.monopod.agent.kubelet;

import dev.monopod.agent.kubelet.Authenticator.User;
import dev.monopod.agent.kubelet.Authorizer.Access;
import dev.monopod.agent.kubelet.KubeletServerConfiguration.Limits;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// A kubelet server on free ports with [LocalProcessPods] behind it, all at one address. The token
/// `good` is valid; the user may not reach the node `node-db`. The token `collector` may only get.
final class KubeletFixture implements AutoCloseable {
    final LocalProcessPods pods = new LocalProcessPods();
    volatile Set<String> forbidden = Set.of("node-db");
    final List<Access> accesses = new CopyOnWriteArrayList<>();
    final Path directory;
    final KubeletServer server;
    final ServingCertificates certificates;
    private final int web;
    private final int db;

    KubeletFixture(Path directory, Optional<Path> clientAuthority) throws Exception {
        this(directory, clientAuthority, Limits.USUAL);
    }

    KubeletFixture(Path directory, Optional<Path> clientAuthority, Limits limits) throws Exception {
        this.directory = directory;
        certificates =
                ServingCertificates.open(
                        directory.resolve("ca.crt"),
                        directory.resolve("ca.key"),
                        clientAuthority,
                        List.of("127.0.0.1", "localhost"),
                        Clock.systemUTC());
        server =
                new KubeletServer(
                        new KubeletServerConfiguration(
                                "0.0.0.0", 0, "host-1", Duration.ofHours(4), limits),
                        pods,
                        KubeletFixture::authenticate,
                        this::authorize,
                        certificates);
        server.start();
        web = server.open("m-web", "127.0.0.1");
        db = server.open("m-db", "127.0.0.1");
    }

    private static Optional<User> authenticate(String token) {
        return switch (token) {
            case "good" -> Optional.of(new User("tester", "", List.of(), Map.of()));
            case "collector" -> Optional.of(new User("collector", "", List.of(), Map.of()));
            default -> Optional.empty();
        };
    }

    private boolean authorize(User user, Access access) {
        accesses.add(access);
        return !forbidden.contains(access.node())
                && (!user.name().equals("collector") || access.verb().equals("get"));
    }

    SSLContext trust() throws Exception {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setCertificateEntry(
                "ca", Pem.readCertificates(directory.resolve("ca.crt")).getFirst());
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        var context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    HttpClient client() throws Exception {
        return HttpClient.newBuilder()
                .sslContext(trust())
                .version(HttpClient.Version.HTTP_1_1)
                .build();
    }

    /// Of the Node of the pod `web`.
    URI uri(String pathAndQuery) {
        return at(web, pathAndQuery);
    }

    /// Of the Node of the pod `db`. What asks there names the address of `web` as its host.
    URI otherUri(String pathAndQuery) {
        return at(db, pathAndQuery);
    }

    /// Of the host itself.
    URI hostUri(String pathAndQuery) {
        return at(server.port(), pathAndQuery);
    }

    private static URI at(int port, String pathAndQuery) {
        return URI.create("https://127.0.0.1:" + port + pathAndQuery);
    }

    HttpResponse<String> get(URI uri) throws Exception {
        try (var client = client()) {
            return client.send(request(uri).build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    static HttpRequest.Builder request(URI uri) {
        return HttpRequest.newBuilder(uri).header("Authorization", "Bearer good");
    }

    @Override
    public void close() {
        server.close();
    }
}
