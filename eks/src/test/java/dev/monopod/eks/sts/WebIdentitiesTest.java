package dev.monopod.eks.sts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.eks.identity.IdentityUnavailableException;
import dev.monopod.eks.query.QueryException;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebIdentitiesTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_000_000);
    private static final String SUBJECT = "system:serviceaccount:a:b";
    private static final String CLAIMS =
            """
            {"iss": "https://issuer.example/c1", "sub": "system:serviceaccount:a:b",
             "aud": ["sts.amazonaws.com"], "exp": 1000060, "nbf": 999000, "iat": 999000}
            """;

    private static Issuer issuer;

    @BeforeAll
    static void makeKeys() throws GeneralSecurityException {
        issuer = new Issuer();
    }

    @Test
    void takesTokensSignedByRsaAndByEllipticCurve() throws QueryException {
        for (var token : new String[] {issuer.rs256(CLAIMS), issuer.es256(CLAIMS)}) {
            var identity = verify(token);

            assertThat(identity.subject()).isEqualTo(SUBJECT);
            assertThat(identity.audience()).isEqualTo("sts.amazonaws.com");
            assertThat(identity.provider().arn())
                    .isEqualTo("arn:aws:iam::111122223333:oidc-provider/issuer.example/c1");
            assertThat(identity.context())
                    .containsEntry("issuer.example/c1:sub", SUBJECT)
                    .containsEntry("issuer.example/c1:aud", "sts.amazonaws.com");
        }
    }

    @Test
    void takesAnAudienceThatIsNoList() throws QueryException {
        var claims = CLAIMS.replace("[\"sts.amazonaws.com\"]", "\"sts.amazonaws.com\"");

        assertThat(verify(issuer.rs256(claims)).audience()).isEqualTo("sts.amazonaws.com");
    }

    @Test
    void refusesATokenWithAnyOfItsCharactersChanged() {
        for (var token : new String[] {issuer.rs256(CLAIMS), issuer.es256(CLAIMS)}) {
            // The last character of a part may have bits that mean nothing.
            for (int i = 0; i < token.length() - 1; i++) {
                var characters = token.toCharArray();
                characters[i] ^= 2;
                if (token.charAt(i + 1) != '.') {
                    refuses(new String(characters), "InvalidIdentityToken");
                }
            }
        }
    }

    @Test
    void refusesTheTokenOfAnotherIssuerWithTheSameKeyIds() throws GeneralSecurityException {
        refuses(new Issuer().rs256(CLAIMS), "InvalidIdentityToken");
        refuses(new Issuer().es256(CLAIMS), "InvalidIdentityToken");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"alg\": \"none\", \"kid\": \"r\"}",
                "{\"alg\": \"HS256\", \"kid\": \"r\"}",
                "{\"alg\": \"RS512\", \"kid\": \"r\"}",
                "{\"alg\": \"ES256\", \"kid\": \"r\"}",
                "{\"alg\": \"RS256\", \"kid\": \"e\"}",
                "{\"alg\": \"RS256\", \"kid\": \"other\"}",
                "{\"alg\": \"RS256\"}",
                "{\"kid\": \"r\"}",
                "{\"alg\": \"RS256\", \"kid\": \"r\", \"crit\": [\"x\"]}",
                "{\"alg\": \"RS256\", \"alg\": \"RS256\", \"kid\": \"r\"}",
                "[]",
                "x"
            })
    void refusesAHeaderOfAnotherKind(String header) {
        refuses(issuer.withHeader(header, CLAIMS), "InvalidIdentityToken");
    }

    @Test
    void refusesATokenWithoutItsSignature() {
        var token = issuer.rs256(CLAIMS);
        var unsigned = token.substring(0, token.lastIndexOf('.') + 1);

        refuses(unsigned, "InvalidIdentityToken");
        refuses(unsigned.substring(0, unsigned.length() - 1), "InvalidIdentityToken");
        refuses(token + ".", "InvalidIdentityToken");
        refuses(unsigned + "A".repeat(342), "InvalidIdentityToken");
    }

    @Test
    void refusesAnEllipticCurveSignatureOfZeros() {
        var token = issuer.es256(CLAIMS);

        refuses(
                token.substring(0, token.lastIndexOf('.') + 1) + Issuer.encoded(new byte[64]),
                "InvalidIdentityToken");
    }

    @Test
    void refusesAWeakKey() throws GeneralSecurityException {
        var weak = new Issuer(1024);

        assertThatThrownBy(() ->
                        new WebIdentities(url -> Optional.of(weak.provider()))
                                .verify(weak.rs256(CLAIMS), NOW))
                .isInstanceOf(QueryException.class);
    }

    @Test
    void refusesAnExpiredTokenInItsOwnWords() {
        refuses(issuer.rs256(CLAIMS.replace("1000060", "1000000")), "ExpiredTokenException");
        refuses(issuer.rs256(CLAIMS.replace("1000060", "-1")), "ExpiredTokenException");
    }

    @Test
    void refusesATokenThatIsNotValidYet() throws QueryException {
        refuses(
                issuer.rs256(CLAIMS.replace("\"nbf\": 999000", "\"nbf\": 1000061")),
                "InvalidIdentityToken");
        assertThat(
                        verify(issuer.rs256(CLAIMS.replace("\"nbf\": 999000", "\"nbf\": 1000060")))
                                .subject())
                .isEqualTo(SUBJECT);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"other\"",
                "[\"other\"]",
                "[]",
                "[\"sts.amazonaws.com\", \"other\"]",
                "[[\"sts.amazonaws.com\"]]",
                "null",
                "1"
            })
    void refusesATokenForSomebodyElse(String audience) {
        refuses(
                issuer.rs256(CLAIMS.replace("[\"sts.amazonaws.com\"]", audience)),
                "InvalidIdentityToken");
    }

    @ParameterizedTest
    @ValueSource(strings = {"iss", "sub", "aud", "exp"})
    void refusesATokenThatLacksAClaim(String claim) {
        refuses(issuer.rs256(CLAIMS.replace("\"" + claim + "\"", "\"x\"")), "InvalidIdentityToken");
    }

    @Test
    void refusesAnIssuerThatIsNotKnown() {
        refuses(issuer.rs256(CLAIMS.replace("example/c1", "example/c2")), "InvalidIdentityToken");
        refuses(issuer.rs256(CLAIMS.replace("https:", "http:")), "InvalidIdentityToken");
    }

    @Test
    void refusesKeysThatCannotBeRead() {
        for (var keys : new String[] {"", "x", "{}", "{\"keys\": [{\"kid\": \"r\"}]}"}) {
            var provider =
                    new IdentityProvider(
                            "111122223333", Issuer.URL, Set.of("sts.amazonaws.com"), keys);
            assertThatThrownBy(() ->
                            new WebIdentities(url -> Optional.of(provider))
                                    .verify(issuer.rs256(CLAIMS), NOW))
                    .isInstanceOf(QueryException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a.b.c", "e30.e30.", "....", "%.%.%"})
    void refusesWhatIsNoToken(String token) {
        refuses(token, "InvalidIdentityToken");
    }

    @Test
    void tellsAnOutageFromABadToken() {
        var unavailable =
                new WebIdentities(url -> {
                    throw new IdentityUnavailableException("gone", new IOException());
                });

        assertThatThrownBy(() -> unavailable.verify(issuer.rs256(CLAIMS), NOW))
                .isInstanceOfSatisfying(
                        QueryException.class,
                        error -> assertThat(error.code()).isEqualTo("IDPCommunicationError"));
    }

    private static WebIdentity verify(String token) throws QueryException {
        return new WebIdentities(url ->
                url.equals(Issuer.URL) ? Optional.of(issuer.provider()) : Optional.empty())
                .verify(token, NOW);
    }

    private static void refuses(String token, String code) {
        assertThatThrownBy(() -> verify(token))
                .isInstanceOfSatisfying(
                        QueryException.class, error -> assertThat(error.code()).isEqualTo(code));
    }
}
