package dev.monopod.controller.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ServingCertificateTest {
    private final PairFiles files;

    ServingCertificateTest(@TempDir Path folder) {
        files = new PairFiles(folder);
    }

    @Test
    void servesARenewedPairWithoutRestart() throws Exception {
        files.write("first", PairFiles.Form.SEC1, 1);
        ServingCertificate certificate =
                new ServingCertificate(files.file("crt"), files.file("key"));
        assertThat(subject(certificate)).isEqualTo("CN=first");

        files.write("second", PairFiles.Form.PKCS8, 2);

        assertThat(subject(certificate)).isEqualTo("CN=second");
        assertThat(certificate.getPrivateKey("serving").getAlgorithm()).startsWith("EC");
    }

    @Test
    void keepsTheLastGoodPairWhileTheFilesAreBroken() throws Exception {
        files.write("first", PairFiles.Form.SEC1, 1);
        ServingCertificate certificate =
                new ServingCertificate(files.file("crt"), files.file("key"));

        Files.writeString(files.file("crt"), "half");

        assertThat(subject(certificate)).isEqualTo("CN=first");
    }

    @Test
    void refusesToStartWithoutAKey() throws Exception {
        files.write("first", PairFiles.Form.SEC1, 1);
        Files.writeString(files.file("key"), "");

        assertThatIOException()
                .isThrownBy(() -> new ServingCertificate(files.file("crt"), files.file("key")))
                .withMessageContaining("holds no private key");
    }

    private static String subject(ServingCertificate certificate) {
        return certificate.getCertificateChain("serving")[0].getSubjectX500Principal().getName();
    }
}
