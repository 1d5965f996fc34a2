package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.monopod.host.image.RegistryHttp.Patience;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.apache.hc.core5.ssl.SSLContexts;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Whom a registry has to be.
@Timeout(60)
class RegistryTlsTest {
    @TempDir Path folder;
    private TlsRegistry server;

    @BeforeEach
    void start() throws Exception {
        server = TlsRegistry.start(folder);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private String ask(String host, SSLContext tls) throws IOException {
        var second = Duration.ofSeconds(10);
        var authority = host + ":" + server.port();
        var http =
                new RegistryHttp(
                        new RegistryAddresses(
                                _ -> new InetAddress[] {InetAddress.ofLiteral("127.0.0.1")},
                                List::of,
                                Set.of(authority)),
                        new Patience(second, second, second));
        try (var answer = http.get(URI.create("https://" + authority + "/"), Map.of(), 100, tls)) {
            return new String(answer.body().readAllBytes());
        }
    }

    private SSLContext own() throws IOException {
        return server.trust();
    }

    @Test
    void aCertificateOfAnAuthorityOfItsOwnIsTrustedForItsNamesAlone() throws Exception {
        assertThat(ask("registry.example", own())).isEqualTo("ok");
        assertThat(ask("127.0.0.1", own())).isEqualTo("ok");

        for (var host : List.of("other.example", "registry.example.other.example", "127.0.0.2")) {
            assertThatExceptionOfType(SSLException.class)
                    .as(host)
                    .isThrownBy(() -> ask(host, own()));
        }
        assertThat(server.requests()).filteredOn(request -> !request.isEmpty()).hasSize(2);
    }

    @Test
    void aCertificateThatNobodyVouchesForIsRefused() {
        assertThatExceptionOfType(SSLException.class)
                .isThrownBy(() -> ask("registry.example", SSLContexts.createSystemDefault()));
        assertThat(server.requests()).allSatisfy(request -> assertThat(request).isEmpty());
    }
}
