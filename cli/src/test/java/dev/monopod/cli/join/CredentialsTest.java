package dev.monopod.cli.join;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CredentialsTest {
    /// A self-signed certificate, and what `openssl x509 -pubkey | openssl pkey -pubin -outform der
    /// | sha256sum` says of it.
    private static final String CERTIFICATE =
            """
            -----BEGIN CERTIFICATE-----
            MIIBdDCCARugAwIBAgIULghwac6QyMUSnNgbWL71qMVIq5kwCgYIKoZIzj0EAwIw
            DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjgxOTM0MTlaGA8yMTI2MTEwNDE5MzQx
            OVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABD/k
            8DTIEOp+bPk107sXi1dVCBBMoHPqz4GKkAgE8t7/SObRh84krhaZcKSC4wBXhp/W
            o6UvAq+D8N+1rndNEZqjUzBRMB0GA1UdDgQWBBQODobSDWcUDlYoHk8oe3RgFKwy
            xDAfBgNVHSMEGDAWgBQODobSDWcUDlYoHk8oe3RgFKwyxDAPBgNVHRMBAf8EBTAD
            AQH/MAoGCCqGSM49BAMCA0cAMEQCIAftDi3N8wr19j5JauOfvBCnzQuL55q/oS/f
            TpK6SD20AiAN61f78WX/0cXRU8V6u+OUZUHXsyxvvZepcKJZHuG/nA==
            -----END CERTIFICATE-----
            """;

    private static final String HASH =
            "sha256:f57f6ce86c8b921009b2731c8ddd1257bf4b178b0c4b28d5d1e696f2a94126b5";

    @Test
    void readsATokenAndWritesItBack() {
        Token token = Token.parse("abcdef.0123456789abcdef");

        assertThat(token).isEqualTo(new Token("abcdef", "0123456789abcdef"));
        assertThat(token.text()).isEqualTo("abcdef.0123456789abcdef");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "abcdef",
                "abcde.0123456789abcdef",
                "abcdef.0123456789abcde",
                "ABCDEF.0123456789abcdef",
                "abcdef.0123456789abcdef0"
            })
    void refusesWhatIsNoTokenWithoutRepeatingIt(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Token.parse(text))
                .withMessage("not of the form ID.SECRET (6 and 16 letters or digits)");
    }

    @Test
    void saysNoSecretInMessages() {
        assertThat(new Token("abcdef", "0123456789abcdef")).hasToString("Token[abcdef]");
    }

    @Test
    void makesTokensThatItCanRead() {
        Random random = new Random(1);
        for (int i = 0; i < 100; i++) {
            Token token = Token.make(random);

            assertThat(Token.parse(token.text())).isEqualTo(token);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, 192.0.2.1:6443",
        "192.0.2.1:8443, 192.0.2.1:8443",
        "cluster.example, cluster.example:6443"
    })
    void takesTheUsualPortOfAnApiServerIfNoneIsNamed(String text, String server) {
        assertThat(ApiServer.parse(text)).hasToString(server);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":6443", "192.0.2.1:", "192.0.2.1:x", "192.0.2.1:65536"})
    void refusesWhatIsNoAddressOfAnApiServer(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> ApiServer.parse(text));
    }

    @Test
    void hashesThePublicKeyAsKubeadmDoes() throws Exception {
        assertThat(AuthorityHash.of(CERTIFICATE.getBytes(StandardCharsets.UTF_8)).text())
                .isEqualTo(HASH);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "sha256:", "sha256:abc", "md5:00000000000000000000000000000000"})
    void refusesWhatIsNoHash(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> new AuthorityHash(text));
    }
}
