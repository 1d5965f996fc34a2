package dev.monopod.eks.token;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.eks.identity.AccessKey;
import dev.monopod.eks.identity.AccessKeys;
import dev.monopod.eks.identity.Caller;
import dev.monopod.eks.identity.IdentityUnavailableException;
import dev.monopod.eks.token.TokenVerdict.Refused;
import dev.monopod.eks.token.TokenVerdict.Token;
import dev.monopod.eks.token.TokenVerdict.Unavailable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The tokens in `tokens.jsonl` were made by botocore, as `aws eks get-token` does it, and by a
/// signer of some lines of Python, which signs well what no tool would.
class TokenVerifierTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Instant SIGNED_AT = Instant.parse("2026-11-29T09:00:00Z");
    private static final Caller CALLER =
            new Caller("AKIDEXAMPLE", "111122223333", "arn:aws:iam::111122223333:user/a", "AIDA");
    private static final AccessKeys KEYS =
            (id, token) ->
                    id.equals("AKIDEXAMPLE") && token.orElse("tok+en/=").equals("tok+en/=")
                            ? Optional.of(new AccessKey(id, "secret", CALLER))
                            : Optional.empty();
    private static final Set<String> HOSTS =
            Set.of("sts.us-west-2.amazonaws.com", "STS.eu-west-1.amazonaws.com", "127.0.0.1:18099");

    private final TokenVerifier verifier = new TokenVerifier(KEYS, "c1", HOSTS);

    record Example(String name, boolean good, String token, long after, String why) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Example> examples() {
        try (var stream = TokenVerifierTest.class.getResourceAsStream("tokens.jsonl")) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(TokenVerifierTest::read);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Stream<Example> good() {
        return examples().filter(Example::good);
    }

    static Stream<Example> bad() {
        return examples().filter(example -> !example.good());
    }

    @ParameterizedTest
    @MethodSource("good")
    void takesToken(Example example) {
        assertThat(verify(example)).isEqualTo(new Token(CALLER));
    }

    @ParameterizedTest
    @MethodSource("bad")
    void refusesToken(Example example) {
        assertThat(verify(example))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused ->
                                assertThat(refused.reason())
                                        .startsWith("the token is refused: " + example.why())
                                        .doesNotContain("secret"));
    }

    @Test
    void refusesATokenWithAnyOfItsCharactersChanged() {
        var good = good().findFirst().orElseThrow();
        for (int i = 0; i < good.token().length(); i++) {
            var characters = good.token().toCharArray();
            characters[i] ^= 1;
            assertThat(verifier.verify(new String(characters), SIGNED_AT))
                    .as("character %s", i)
                    .isInstanceOf(Refused.class);
        }
    }

    @Test
    void refusesATokenThatIsGoodForAnotherCluster() {
        var good = good().findFirst().orElseThrow();

        assertThat(new TokenVerifier(KEYS, "c2", HOSTS).verify(good.token(), SIGNED_AT))
                .isInstanceOf(Refused.class);
    }

    @Test
    void refusesTheTokenOfASessionThatHasExpired() {
        AccessKeys expired =
                (id, token) ->
                        Optional.of(new AccessKey(id, "secret", CALLER, Optional.of(SIGNED_AT)));
        var good = good().findFirst().orElseThrow();

        assertThat(new TokenVerifier(expired, "c1", HOSTS).verify(good.token(), SIGNED_AT))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.reason()).contains("ExpiredToken"));
    }

    @Test
    void tellsAnOutageFromABadToken() {
        AccessKeys unavailable =
                (id, token) -> {
                    throw new IdentityUnavailableException("gone", new IOException());
                };
        var good = good().findFirst().orElseThrow();

        assertThat(new TokenVerifier(unavailable, "c1", HOSTS).verify(good.token(), SIGNED_AT))
                .isInstanceOf(Unavailable.class);
    }

    private TokenVerdict verify(Example example) {
        return verifier.verify(example.token(), SIGNED_AT.plusSeconds(example.after()));
    }

    private static Example read(String line) {
        try {
            return JSON.readValue(line, Example.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
