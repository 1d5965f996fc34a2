package dev.monopod.agent.kubelet;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccessControlTest {
    @TempDir Path directory;

    @Test
    void knowsAClientByItsCertificate() throws Exception {
        var clients =
                CertificateAuthority.readOrCreate(
                        directory.resolve("clients.crt"),
                        directory.resolve("clients.key"),
                        Instant.now());
        var pair = CertificateAuthority.newKeyPair();
        // Its key usage is a server's, which the server must not take for a client's.
        var wrong =
                clients.issue(pair.getPublic(), List.of("x"), Instant.now(), Duration.ofHours(1));
        try (var kubelet =
                new KubeletFixture(directory, Optional.of(directory.resolve("clients.crt")))) {
            assertThat(status(kubelet, pair.getPrivate(), wrong)).isNotEqualTo(200);
            assertThat(kubelet.get(kubelet.uri("/healthz")).statusCode()).isEqualTo(200);
        }

        var user = AccessControl.user(wrong).orElseThrow();
        assertThat(user.name()).isEqualTo("system:node:monopod");
        assertThat(user.groups()).containsExactly("system:nodes", "system:authenticated");
    }

    private static int status(
            KubeletFixture kubelet, java.security.PrivateKey key, Certificate certificate)
            throws Exception {
        var keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry("client", key, new char[0], new Certificate[] {certificate});
        var keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keyManagers.init(keys, new char[0]);
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry(
                "ca", Pem.readCertificates(kubelet.directory.resolve("ca.crt")).getFirst());
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        var context = SSLContext.getInstance("TLS");
        context.init(keyManagers.getKeyManagers(), trust.getTrustManagers(), null);
        try (var client = HttpClient.newBuilder().sslContext(context).build()) {
            return client.send(
                            HttpRequest.newBuilder(kubelet.uri("/healthz")).build(),
                            HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (java.io.IOException e) {
            return 0;
        }
    }
}
