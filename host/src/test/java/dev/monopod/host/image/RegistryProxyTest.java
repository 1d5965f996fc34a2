package dev.monopod.host.image;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.monopod.host.image.RegistryHttp.Patience;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.apache.hc.core5.ssl.SSLContexts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What goes to a proxy, and what goes through it unread.
@Timeout(60)
class RegistryProxyTest {
    private static final SSLContext USUAL = SSLContexts.createSystemDefault();
    private static final Duration SECONDS = Duration.ofSeconds(10);

    @TempDir Path folder;

    @Test
    void plainHttpIsAskedOfTheProxyByItsWholeAddress() throws Exception {
        try (var proxy = RawServer.saying("HTTP/1.1 200 OK", "Content-Length: 2", "", "ok")) {
            assertThat(
                            ask(
                                    proxy.port(),
                                    Optional.empty(),
                                    "http://registry.example:5000/v2/",
                                    USUAL))
                    .isEqualTo("ok");

            assertThat(proxy.requests().getFirst().split("\r\n"))
                    .startsWith("GET http://registry.example:5000/v2/ HTTP/1.1")
                    .contains("Host: registry.example:5000", "User-Agent: monopod")
                    .noneMatch(line -> line.startsWith("Proxy-Authorization"))
                    .noneMatch(line -> line.startsWith("Accept-Encoding"));
        }
    }

    @Test
    void tlsGoesThroughItUnreadAndIsCheckedByTheRegistrysName() throws Exception {
        try (var registry = TlsRegistry.start(folder);
                var proxy = new TunnelProxy(registry.port(), Optional.empty())) {
            assertThat(
                            ask(
                                    proxy.port(),
                                    Optional.empty(),
                                    "https://registry.example/v2/",
                                    registry.trust()))
                    .isEqualTo("ok");

            assertThat(proxy.heads())
                    .singleElement()
                    .asString()
                    .startsWith("CONNECT registry.example:443 HTTP/1.1");
            assertThat(registry.requests().getFirst()).startsWith("GET /v2/ HTTP/1.1");

            // The same registry, under a name that its certificate has not.
            assertThatIOException()
                    .isThrownBy(() ->
                            ask(
                                    proxy.port(),
                                    Optional.empty(),
                                    "https://other.example/v2/",
                                    registry.trust()));
            assertThat(registry.requests()).hasSize(1);
        }
    }

    @Test
    void aCredentialIsForTheProxyAlone() throws Exception {
        var jane = Optional.of(new RegistryProxy.Credential("jane", "of-jane"));
        try (var registry = TlsRegistry.start(folder);
                var proxy = new TunnelProxy(registry.port(), Optional.of("amFuZTpvZi1qYW5l"))) {
            assertThat(ask(proxy.port(), jane, "https://registry.example/v2/", registry.trust()))
                    .isEqualTo("ok");

            assertThat(registry.requests().getFirst()).doesNotContainIgnoringCase("authorization");
            assertThatIOException()
                    .isThrownBy(() ->
                            ask(
                                    proxy.port(),
                                    Optional.empty(),
                                    "https://registry.example/v2/",
                                    registry.trust()))
                    .withMessage("the proxy refused to reach it: HTTP 407");
        }
    }

    /// Nobody between the host and its proxy can speak for a registry, and ask for its credentials.
    @Test
    void whatComesInsteadOfATunnelIsNoAnswerOfTheRegistry() throws Exception {
        for (var status : List.of("401 No", "200", "302 Found", "503 No")) {
            try (var proxy =
                    RawServer.saying(
                            "HTTP/1.1 " + status,
                            "WWW-Authenticate: Bearer realm=\"https://evil.example/token\"",
                            "Location: https://evil.example/",
                            "Content-Length: 4",
                            "",
                            "evil")) {
                assertThatIOException()
                        .as(status)
                        .isThrownBy(() ->
                                ask(
                                        proxy.port(),
                                        Optional.empty(),
                                        "https://registry.example/v2/",
                                        USUAL))
                        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("evil"));
            }
        }
    }

    /// Else a pod's image would reach the host by a proxy that stands on it.
    @Test
    void addressesOfTheHostsOwnAreRefusedBehindAProxyToo() throws Exception {
        try (var proxy = RawServer.saying("HTTP/1.1 200 OK", "Content-Length: 2", "", "ok")) {
            for (var host : List.of("127.0.0.1:1", "169.254.169.254", "inside.example")) {
                assertThatIOException()
                        .as(host)
                        .isThrownBy(() ->
                                ask(proxy.port(), Optional.empty(), "http://" + host + "/", USUAL))
                        .withMessageContaining("name it in registries.json");
            }
            assertThat(proxy.requests()).isEmpty();
        }
    }

    @Test
    void aProxyThatIsAwayIsAFailureThatSaysSo() throws Exception {
        int port;
        try (var proxy = RawServer.saying("")) {
            port = proxy.port();
        }
        assertThatIOException()
                .isThrownBy(() -> ask(port, Optional.empty(), "https://registry.example/", USUAL));
    }

    private static String ask(
            int proxy, Optional<RegistryProxy.Credential> credential, String uri, SSLContext tls)
            throws IOException {
        var http =
                new RegistryHttp(
                        new RegistryAddresses(RegistryProxyTest::resolve, List::of, Set.of()),
                        _ -> Optional.of(new RegistryProxy("127.0.0.1", proxy, credential)),
                        new Patience(SECONDS, SECONDS, SECONDS));
        try (var answer = http.get(URI.create(uri), Map.of(), 100, tls)) {
            return new String(answer.body().readAllBytes(), ISO_8859_1);
        }
    }

    /// Names outside are known to the proxy alone.
    private static InetAddress[] resolve(String host) throws UnknownHostException {
        if (host.equals("inside.example")) {
            return new InetAddress[] {InetAddress.ofLiteral("127.0.0.1")};
        }
        if (host.endsWith(".example")) {
            throw new UnknownHostException(host);
        }
        return new InetAddress[] {InetAddress.ofLiteral(host)};
    }
}
