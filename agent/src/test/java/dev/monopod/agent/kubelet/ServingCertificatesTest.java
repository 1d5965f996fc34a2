package dev.monopod.agent.kubelet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServingCertificatesTest {
    @TempDir Path directory;

    @Test
    void namesExactlyTheAddressesOfTheLastUpdate() throws Exception {
        var certificates = open(Clock.systemUTC());
        var first = certificates.certificate();

        certificates.update(List.of("192.168.0.7", "fd00::1", "node-1.local"));
        var second = certificates.certificate();
        certificates.update(List.of("node-1.local", "fd00::1", "192.168.0.7"));

        assertThat(names(first)).containsExactly("127.0.0.1");
        assertThat(names(second))
                .containsExactlyInAnyOrder("192.168.0.7", "fd00:0:0:0:0:0:0:1", "node-1.local");
        assertThat(certificates.certificate()).isSameAs(second);
        second.verify(authority().getPublicKey());
    }

    @Test
    void keepsItsAuthorityWithAKeyThatOnlyTheOwnerReads() throws Exception {
        open(Clock.systemUTC());
        var authority = authority();

        open(Clock.systemUTC()).certificate().verify(authority.getPublicKey());

        assertThat(authority()).isEqualTo(authority);
        assertThat(authority.getBasicConstraints()).isNotNegative();
        assertThat(
                        PosixFilePermissions.toString(
                                Files.getPosixFilePermissions(directory.resolve("ca.key"))))
                .isEqualTo("rw-------");
    }

    @Test
    void readsKeysOfOpenSslsOldForm() throws Exception {
        open(Clock.systemUTC());
        var key = Pem.readPrivateKey(directory.resolve("ca.key"));
        var sec1 = PrivateKeyInfo.getInstance(key.getEncoded()).parsePrivateKey();
        var parameters =
                PrivateKeyInfo.getInstance(key.getEncoded())
                        .getPrivateKeyAlgorithm()
                        .getParameters();
        var structure =
                new org.bouncycastle.asn1.sec.ECPrivateKey(
                        256,
                        org.bouncycastle.asn1.sec.ECPrivateKey.getInstance(sec1).getKey(),
                        parameters);
        var text = new StringWriter();
        try (var writer = new PemWriter(text)) {
            writer.writeObject(new PemObject("EC PRIVATE KEY", structure.getEncoded()));
        }
        Files.writeString(directory.resolve("ca.key"), text.toString());

        open(Clock.systemUTC()).certificate().verify(authority().getPublicKey());
    }

    @Test
    void renewsBeforeItEnds() throws Exception {
        var now = new AtomicReference<>(Instant.now());
        var certificates = open(clock(now));
        var context = certificates.sslContext();
        now.set(now.get().plus(Duration.ofDays(59)));
        assertThat(certificates.sslContext()).isSameAs(context);

        now.set(now.get().plus(Duration.ofDays(2)));

        assertThat(certificates.sslContext()).isNotSameAs(context);
        assertThat(certificates.certificate().getNotAfter())
                .isAfter(Date.from(now.get().plus(Duration.ofDays(60))));
    }

    @Test
    void aCertificateMadeWhileTheClockWasAnHourAheadIsGoodAfterItWasSetBack() throws Exception {
        var real = Instant.now();
        var now = new AtomicReference<>(real.plus(Duration.ofHours(1)));
        var certificates = open(clock(now));

        now.set(real);
        certificates.sslContext();

        certificates.certificate().checkValidity(Date.from(real));
        authority().checkValidity(Date.from(real));
    }

    @Test
    void renewsWhenTheClockWasSetBackToBeforeItBegins() throws Exception {
        var real = Instant.now();
        var now = new AtomicReference<>(real.plus(Duration.ofDays(30)));
        var certificates = open(clock(now));
        var context = certificates.sslContext();

        now.set(real);

        assertThat(certificates.sslContext()).isNotSameAs(context);
        certificates.certificate().checkValidity(Date.from(real));
        assertThat(certificates.sslContext()).isSameAs(certificates.sslContext());
    }

    @Test
    void issuesForThousandsOfPods() throws Exception {
        var certificates = open(Clock.systemUTC());

        certificates.update(
                IntStream.range(0, 2500).mapToObj(i -> "10.0." + i / 250 + "." + i % 250).toList());

        // Java clients take no handshake message above 32 KiB.
        assertThat(certificates.certificate().getEncoded()).hasSizeLessThan(20_000);
    }

    private static List<String> names(X509Certificate certificate) throws Exception {
        return certificate.getSubjectAlternativeNames().stream()
                .map(name -> String.valueOf(name.get(1)))
                .toList();
    }

    private static Clock clock(AtomicReference<Instant> now) {
        return ((InstantSource) now::get).withZone(ZoneOffset.UTC);
    }

    private X509Certificate authority() throws Exception {
        return Pem.readCertificates(directory.resolve("ca.crt")).getFirst();
    }

    private ServingCertificates open(Clock clock) throws Exception {
        return ServingCertificates.open(
                directory.resolve("ca.crt"),
                directory.resolve("ca.key"),
                Optional.empty(),
                List.of("127.0.0.1"),
                clock);
    }
}
