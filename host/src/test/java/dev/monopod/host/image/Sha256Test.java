package dev.monopod.host.image;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class Sha256Test {
    /// NIST, "SHA-256 test vectors".
    @Test
    void sumsUpAsTheStandardSays() {
        assertThat(HexFormat.of().formatHex(Sha256.begin().digest("abc".getBytes(US_ASCII))))
                .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    @Test
    void sumsUpAsTheJvmDoesWhateverThePieces() throws Exception {
        var random = new Random(7);
        for (var i = 0; i < 50; i++) {
            var bytes = new byte[random.nextInt(200_000)];
            random.nextBytes(bytes);
            var pieces = Sha256.begin();
            for (var at = 0; at < bytes.length; ) {
                var length = Math.min(bytes.length - at, 1 + random.nextInt(70_000));
                pieces.update(bytes, at, length);
                at += length;
            }
            assertThat(pieces.digest())
                    .isEqualTo(MessageDigest.getInstance("SHA-256").digest(bytes));
        }
    }

    /// Else pulls are slow, and nothing else says so.
    @Test
    void isNotTheJvmsOwnHere() {
        assertThat(Sha256.begin().getProvider().getName())
                .isEqualTo("AmazonCorrettoCryptoProvider");
    }
}
