package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.monopod.host.image.RegistryHttp.Patience;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.apache.hc.core5.ssl.SSLContexts;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A registry with a certificate of its own making, for `registry.example` and 127.0.0.1.
@Timeout(60)
class RegistryTlsTest {
    private static final String PASSWORD = "secret";

    @TempDir Path folder;
    private RawServer server;

    @BeforeEach
    void start() throws Exception {
        keytool(
                "-genkeypair",
                "-keyalg",
                "EC",
                "-dname",
                "CN=registry",
                "-ext",
                "san=dns:registry.example,ip:127.0.0.1");
        keytool("-exportcert", "-rfc", "-file", folder.resolve("ca.pem").toString());
        var keys = KeyStore.getInstance(folder.resolve("keys").toFile(), PASSWORD.toCharArray());
        var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD.toCharArray());
        var context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        server =
                RawServer.that(
                        context.getServerSocketFactory()
                                .createServerSocket(0, 10, InetAddress.getLoopbackAddress()),
                        out ->
                                out.write(
                                        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                                                .getBytes()));
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private void keytool(String command, String... arguments) throws Exception {
        var all = new ArrayList<String>();
        all.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        all.addAll(List.of(command, "-alias", "registry", "-storepass", PASSWORD));
        all.addAll(List.of("-keystore", folder.resolve("keys").toString()));
        all.addAll(List.of(arguments));
        var log = folder.resolve("keytool.log");
        var ended =
                new ProcessBuilder(all)
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start()
                        .waitFor();
        assertThat(ended).as(() -> log + " of " + all).isZero();
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
        return TrustedAuthorities.of(folder.resolve("ca.pem"));
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
