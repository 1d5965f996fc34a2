package dev.monopod.host.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/// Answers everything with `ok`, with a certificate of its own making, for `registry.example` and
/// 127.0.0.1.
record TlsRegistry(RawServer server, Path authority) implements AutoCloseable {
    private static final String PASSWORD = "secret";

    static TlsRegistry start(Path folder) throws Exception {
        keytool(
                folder,
                "-genkeypair",
                "-keyalg",
                "EC",
                "-dname",
                "CN=registry",
                "-ext",
                "san=dns:registry.example,ip:127.0.0.1");
        var authority = folder.resolve("ca.pem");
        keytool(folder, "-exportcert", "-rfc", "-file", authority.toString());
        var keys = KeyStore.getInstance(folder.resolve("keys").toFile(), PASSWORD.toCharArray());
        var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD.toCharArray());
        var context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return new TlsRegistry(
                RawServer.that(
                        context.getServerSocketFactory()
                                .createServerSocket(0, 10, InetAddress.getLoopbackAddress()),
                        out ->
                                out.write(
                                        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                                                .getBytes())),
                authority);
    }

    private static void keytool(Path folder, String command, String... arguments) throws Exception {
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

    int port() {
        return server.port();
    }

    List<String> requests() {
        return server.requests();
    }

    /// Of who trusts it, and nobody else.
    SSLContext trust() throws IOException {
        return TrustedAuthorities.of(authority);
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
