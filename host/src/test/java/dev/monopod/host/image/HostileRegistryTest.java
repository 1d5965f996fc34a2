package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.monopod.host.image.ImageStore.RegistryCredential;
import dev.monopod.host.image.RegistryConfiguration.RegistrySettings;
import dev.monopod.host.image.RegistryHttp.Patience;
import dev.monopod.model.network.Cidr;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import org.apache.hc.core5.ssl.SSLContexts;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Registries that answer what they like. Each is a real server on loopback, which the test names
/// as an operator would; names are resolved by the test.
class HostileRegistryTest {
    private static final SSLContext USUAL = SSLContexts.createSystemDefault();
    private static final String SECRET_WORDS = "words-of-the-answer";
    private static final String DIGEST = "sha256:" + "a".repeat(64);

    private final Map<String, InetAddress> names = new ConcurrentHashMap<>();
    private final List<HttpServer> servers = new ArrayList<>();
    private final List<RegistrySettings> settings = new ArrayList<>();
    private HttpServer registry;

    private interface Handler {
        void answer(HttpExchange exchange) throws IOException;
    }

    @BeforeEach
    void start() throws IOException {
        registry = server();
        name(registry);
    }

    @AfterEach
    void stop() {
        servers.forEach(server -> server.stop(0));
    }

    private HttpServer server() throws IOException {
        var server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
        servers.add(server);
        return server;
    }

    private static String authority(HttpServer server) {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    private void name(HttpServer server) {
        settings.add(
                new RegistrySettings(authority(server), true, null, null, null, null, null, null));
    }

    private static void on(HttpServer server, String path, Handler handler) {
        server.createContext(
                path,
                exchange -> {
                    try (exchange) {
                        handler.answer(exchange);
                    }
                });
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        var bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private static Handler redirect(String to) {
        return exchange -> {
            exchange.getResponseHeaders().set("Location", to);
            answer(exchange, 307, "");
        };
    }

    private RegistrySource source(RegistryCredential... credentials) {
        return source(authority(registry), credentials);
    }

    private RegistrySource source(String host, RegistryCredential... credentials) {
        var configuration = new RegistryConfiguration(settings);
        var addresses =
                new RegistryAddresses(
                        this::resolved,
                        () -> List.of(Cidr.parse("192.168.0.0/16"), Cidr.parse("10.100.0.0/16")),
                        configuration.named());
        var second = Duration.ofSeconds(1);
        return new RegistrySource(
                ImageReference.parse(host + "/app:1"),
                configuration,
                List.of(credentials),
                new RegistryHttp(addresses, new Patience(second, second, second)));
    }

    private InetAddress[] resolved(String host) throws UnknownHostException {
        var known = names.get(host);
        return known != null ? new InetAddress[] {known} : InetAddress.getAllByName(host);
    }

    private String failure(RegistrySource source) {
        var failure = new ArrayList<ImageException>();
        assertThatExceptionOfType(ImageException.class)
                .isThrownBy(() -> ImageManifest.read(source, "1", "app"))
                .satisfies(failure::add);
        assertThat(failure.getFirst().getMessage()).doesNotContain(SECRET_WORDS);
        return failure.getFirst().getMessage();
    }

    @Test
    void wordsOfAnAnswerAreNotPassedOn() {
        for (var status : new int[] {200, 400, 401, 403, 404, 429}) {
            on(
                    registry,
                    "/v2/app/manifests/" + status,
                    exchange -> {
                        exchange.getResponseHeaders().set("X-Words", SECRET_WORDS);
                        answer(
                                exchange,
                                status,
                                "{\"errors\":[{\"code\":\"%s\",\"message\":\"%s\"}],%s"
                                        .formatted(SECRET_WORDS, SECRET_WORDS, SECRET_WORDS));
                    });
            assertThatExceptionOfType(ImageException.class)
                    .isThrownBy(() -> ImageManifest.read(source(), "" + status, "app"))
                    .satisfies(e ->
                            assertThat(e.getMessage())
                                    .doesNotContain(SECRET_WORDS)
                                    .contains("app", status == 200 ? "JSON" : "HTTP " + status));
        }
    }

    @Test
    void wordsOfManifestsAreNotPassedOn() {
        for (var manifest :
                List.of(
                        "{\"manifests\":[{\"platform\":{\"os\":\"%s\",\"architecture\":\"b\"}}]}",
                        "{\"layers\":[{\"digest\":\"%s\",\"size\":1}]}",
                        "{\"config\":{\"digest\":\"%s\"}}",
                        "[\"%s")) {
            on(
                    registry,
                    "/v2/app/manifests/1",
                    exchange -> answer(exchange, 200, manifest.formatted(SECRET_WORDS)));
            failure(source());
            registry.removeContext("/v2/app/manifests/1");
        }
    }

    @Test
    void aManifestOfMoreThan4MebibytesIsGivenUp() {
        on(
                registry,
                "/v2/app/manifests/1",
                exchange -> {
                    exchange.sendResponseHeaders(200, 0);
                    var chunk = new byte[1 << 16];
                    Arrays.fill(chunk, (byte) ' ');
                    for (var i = 0; i < 100_000; i++) {
                        exchange.getResponseBody().write(chunk);
                    }
                });

        assertThat(failure(source())).contains("more than the 4194304 bytes");
    }

    @Test
    void aConfigurationOfMoreThan4MebibytesIsGivenUp() {
        on(
                registry,
                "/v2/app/manifests/1",
                exchange -> answer(exchange, 200, "{\"config\":{\"digest\":\"" + DIGEST + "\"}}"));
        on(
                registry,
                "/v2/app/blobs/",
                exchange -> answer(exchange, 200, " ".repeat((4 << 20) + 1)));

        assertThat(failure(source())).contains("more than the 4194304 bytes");
    }

    @Test
    void layersWhoseSizesDoNotFitAreRefused() {
        for (var size : List.of("-1", "9223372036854775807", "17179869185")) {
            on(
                    registry,
                    "/v2/app/manifests/1",
                    exchange ->
                            answer(
                                    exchange,
                                    200,
                                    "{\"layers\":[{\"digest\":\"%s\",\"size\":%s}]}"
                                            .formatted(DIGEST, size)));
            assertThat(failure(source())).contains("must have 0 to 17179869184 bytes");
            registry.removeContext("/v2/app/manifests/1");
        }
    }

    @Test
    void headersWithoutEndAreGivenUp() throws Exception {
        Thread serving;
        try (var server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            var host = "127.0.0.1:" + server.getLocalPort();
            settings.add(new RegistrySettings(host, true, null, null, null, null, null, null));
            serving = Thread.ofVirtual().start(() -> sendHeadersForEver(server));

            assertThat(failure(source(host))).contains("headers that are too long");
        }
        serving.join();
    }

    private static void sendHeadersForEver(ServerSocket server) {
        var header = "X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".getBytes(StandardCharsets.US_ASCII);
        while (!server.isClosed()) {
            try (var peer = server.accept()) {
                var out = peer.getOutputStream();
                out.write("HTTP/1.1 200 OK\r\n".getBytes(StandardCharsets.US_ASCII));
                while (true) {
                    out.write(header);
                }
            } catch (SocketException hungUp) {
                // The next connection, or the end of the test.
                continue;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Test
    void anAnswerThatDripsIsGivenUp() {
        on(
                registry,
                "/v2/app/manifests/1",
                exchange -> {
                    exchange.sendResponseHeaders(200, 0);
                    while (true) {
                        exchange.getResponseBody().write(' ');
                        exchange.getResponseBody().flush();
                        LockSupport.parkNanos(1_000_000);
                    }
                });

        var moment = Duration.ofMillis(300);
        var addresses =
                new RegistryAddresses(this::resolved, List::of, Set.of(authority(registry)));
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> {
                    try (var answer =
                            new RegistryHttp(
                                            addresses,
                                            new Patience(moment, Duration.ofMinutes(1), moment))
                                    .get(
                                            URI.create(
                                                    "http://%s/v2/app/manifests/1"
                                                            .formatted(authority(registry))),
                                            Map.of(),
                                            1 << 14,
                                            USUAL)) {
                        answer.body().readAllBytes();
                    }
                })
                .withMessage("too slow");
    }

    @Test
    void noRegistryIsAtAnAddressOfTheHostOrItsCluster() {
        for (var address :
                List.of(
                        "127.0.0.1",
                        "127.9.9.9",
                        "0.0.0.0",
                        "169.254.169.254",
                        "192.168.64.10",
                        "10.100.0.1",
                        "224.0.0.1",
                        "255.255.255.255",
                        "::1",
                        "::",
                        "fe80::1",
                        "fd00:ec2::254",
                        "::ffff:127.0.0.1",
                        "64:ff9b::7f00:1",
                        "2002:7f00:1::")) {
            assertThat(failureAt(address)).as(address).contains("registries.json");
        }
    }

    private String failureAt(String address) {
        try {
            names.put("registry.example", InetAddress.getByName(address));
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
        return failure(source("registry.example:" + registry.getAddress().getPort()));
    }

    @Test
    void aRedirectToAnAddressOfTheHostIsNotFollowed() throws Exception {
        var victim = server();
        Queue<String> asked = new ConcurrentLinkedQueue<>();
        on(
                victim,
                "/",
                exchange -> {
                    asked.add(exchange.getRequestURI().toString());
                    answer(exchange, 200, SECRET_WORDS);
                });
        on(registry, "/v2/", redirect("http://" + authority(victim) + "/"));

        assertThat(failure(source())).contains(authority(victim), "registries.json");
        assertThat(asked).isEmpty();
    }

    @Test
    void aTokenServerAtAnAddressOfTheHostIsNotAsked() throws Exception {
        var victim = server();
        Queue<String> asked = new ConcurrentLinkedQueue<>();
        on(
                victim,
                "/",
                exchange -> {
                    asked.add(exchange.getRequestURI().toString());
                    answer(exchange, 200, "{\"token\":\"t\"}");
                });
        on(
                registry,
                "/v2/",
                exchange -> {
                    exchange.getResponseHeaders()
                            .set(
                                    "WWW-Authenticate",
                                    "Bearer realm=\"http://" + authority(victim) + "/token\"");
                    answer(exchange, 401, "");
                });

        assertThat(failure(source())).contains(authority(victim), "registries.json");
        assertThat(failure(source(new RegistryCredential(authority(registry), "u", "p"))))
                .contains("a token server elsewhere that would get a password without TLS");
        assertThat(asked).isEmpty();
    }

    @Test
    void aNameIsResolvedOnceForEachConnection() throws Exception {
        // The second answer would be loopback: whoever resolves again to connect would go there.
        Queue<String> lookups = new ConcurrentLinkedQueue<>();
        var addresses =
                new RegistryAddresses(
                        host -> {
                            lookups.add(host);
                            return new InetAddress[] {
                                InetAddress.getByName(
                                        lookups.size() == 1 ? "198.51.100.1" : "127.0.0.1")
                            };
                        },
                        List::of,
                        Set.of());
        Queue<String> asked = new ConcurrentLinkedQueue<>();
        on(registry, "/", exchange -> asked.add(exchange.getRequestURI().toString()));
        var port = registry.getAddress().getPort();
        var moment = Duration.ofMillis(200);

        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() ->
                        new RegistryHttp(addresses, new Patience(moment, moment, moment))
                                .get(
                                        URI.create("http://rebinding.example:" + port),
                                        Map.of(),
                                        1000,
                                        USUAL));

        assertThat(lookups).hasSize(1);
        assertThat(asked).isEmpty();
    }

    @Test
    void credentialsGoToTheirOwnHostAlone() throws Exception {
        var other = server();
        name(other);
        Queue<String> given = new ConcurrentLinkedQueue<>();
        on(
                other,
                "/",
                exchange -> {
                    given.add(String.valueOf(exchange.getRequestHeaders().get("Authorization")));
                    exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"x\"");
                    answer(exchange, 401, "");
                });
        on(
                registry,
                "/v2/",
                exchange -> {
                    if (exchange.getRequestHeaders().containsKey("Authorization")) {
                        redirect("http://" + authority(other) + "/blob").answer(exchange);
                    } else {
                        exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"x\"");
                        answer(exchange, 401, "");
                    }
                });

        failure(source(new RegistryCredential(authority(registry), "user", "secret")));

        assertThat(given).isNotEmpty().containsOnly("null");
    }

    @Test
    void aMirrorIsNotGivenTheRegistrysCredentials() throws Exception {
        var mirror = server();
        Queue<String> given = new ConcurrentLinkedQueue<>();
        on(
                mirror,
                "/",
                exchange -> {
                    given.add(String.valueOf(exchange.getRequestHeaders().get("Authorization")));
                    exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"x\"");
                    answer(exchange, 401, "");
                });
        settings.clear();
        settings.add(
                new RegistrySettings(
                        authority(registry),
                        true,
                        null,
                        authority(mirror),
                        null,
                        null,
                        null,
                        null));

        failure(source(new RegistryCredential(authority(registry), "user", "secret")));

        assertThat(given).containsOnly("null");
    }

    @Test
    void redirectsWithoutEndAreGivenUp() {
        on(registry, "/v2/", redirect("/v2/again"));

        assertThat(failure(source())).contains("more than 5 redirects");
    }
}
