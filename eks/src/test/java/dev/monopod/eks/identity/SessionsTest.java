package dev.monopod.eks.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SessionsTest {
    private static final String ACCOUNT = "111122223333";
    private static final String ARN = "arn:aws:sts::111122223333:assumed-role/r/anna";
    private static final Instant EXPIRES = Instant.parse("2026-11-29T10:00:00.5Z");

    private final byte[] key = new byte[32];
    private final Sessions sessions = new Sessions(key::clone, new Random(1));

    @Test
    void findsTheSessionThatItBegan() {
        var begun = begin();

        var found = sessions.find(begun.accessKeyId(), Optional.of(begun.sessionToken()));

        assertThat(found)
                .contains(
                        new AccessKey(
                                begun.accessKeyId(),
                                begun.secretAccessKey(),
                                new Caller(begun.accessKeyId(), ACCOUNT, ARN, "AROAX:anna"),
                                Optional.of(Instant.parse("2026-11-29T10:00:00Z"))));
        assertThat(begun.expiration()).isEqualTo(Instant.parse("2026-11-29T10:00:00Z"));
        assertThat(begun.accessKeyId()).matches("ASIA[A-Z2-7]{16}");
        assertThat(begun.secretAccessKey()).matches("[A-Za-z0-9+/]{40}");
    }

    @Test
    void isKnownToAnotherReplicaOfTheSameSecretAlone() {
        var begun = begin();
        var token = Optional.of(begun.sessionToken());
        var otherKey = key.clone();
        otherKey[31] ^= 1;

        assertThat(new Sessions(key::clone, new Random(2)).find(begun.accessKeyId(), token))
                .isPresent();
        assertThat(new Sessions(otherKey::clone, new Random(1)).find(begun.accessKeyId(), token))
                .isEmpty();
    }

    @Test
    void knowsNoTokenWithAnyOfItsCharactersChanged() {
        var begun = begin();
        var token = begun.sessionToken();
        for (int i = 0; i < token.length(); i++) {
            for (char other : new char[] {'A', 'B', '_', '=', '\n', 'Q'}) {
                var changed = token.substring(0, i) + other + token.substring(i + 1);
                if (!changed.equals(token)) {
                    assertThat(sessions.find(begun.accessKeyId(), Optional.of(changed)))
                            .as("character %s", i)
                            .isEmpty();
                }
            }
        }
    }

    @Test
    void knowsNoTokenWithAnyOfItsBitsTurned() {
        var begun = begin();
        var bytes = Base64.getUrlDecoder().decode(begun.sessionToken());
        for (int bit = 0; bit < bytes.length * 8; bit++) {
            var changed = bytes.clone();
            changed[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(sessions.find(begun.accessKeyId(), Optional.of(encoded(changed)))).isEmpty();
        }
    }

    @Test
    void knowsNoOnesIdWithAnothersToken() {
        var mine = begin();
        var others = begin();

        assertThat(sessions.find(mine.accessKeyId(), Optional.of(others.sessionToken()))).isEmpty();
        assertThat(sessions.find(others.accessKeyId(), Optional.of(mine.sessionToken()))).isEmpty();
    }

    @Test
    void knowsNoSessionWithoutItsTokenAndNoUsersId() {
        var begun = begin();

        assertThat(sessions.find(begun.accessKeyId(), Optional.empty())).isEmpty();
        assertThat(sessions.find("AKIAAAAAAAAAAAAAAAAA", Optional.of(begun.sessionToken())))
                .isEmpty();
    }

    @Test
    void knowsNoTokenThatIsCutOrPadded() {
        var begun = begin();
        var bytes = Base64.getUrlDecoder().decode(begun.sessionToken());
        for (int length = 0; length < bytes.length; length++) {
            assertThat(
                            sessions.find(
                                    begun.accessKeyId(),
                                    Optional.of(encoded(Arrays.copyOf(bytes, length)))))
                    .isEmpty();
        }
        assertThat(sessions.find(begun.accessKeyId(), Optional.of(begun.sessionToken() + "=")))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "%", "{}", "a b"})
    void knowsNoTokenOfAnotherForm(String token) {
        assertThat(sessions.find("ASIAAAAAAAAAAAAAAAAA", Optional.of(token))).isEmpty();
        assertThat(sessions.find("ASIAAAAAAAAAAAAAAAAA", Optional.of("A".repeat(1_000_000))))
                .isEmpty();
    }

    @Test
    void hasATokenThatIsShortEnoughForKubectl() {
        var role = "r".repeat(64) + "/" + "s".repeat(64);
        var begun =
                sessions.begin(
                        ACCOUNT,
                        "arn:aws:sts::111122223333:assumed-role/" + role,
                        "AROAAAAAAAAAAAAAAAAA:" + "s".repeat(64),
                        EXPIRES);

        assertThat(begun.sessionToken()).hasSizeLessThan(700);
        assertThat(sessions.find(begun.accessKeyId(), Optional.of(begun.sessionToken())))
                .isPresent();
    }

    @Test
    void tellsAnOutageFromAnUnknownSession() {
        var begun = begin();
        var unavailable =
                new Sessions(
                        () -> {
                            throw new IdentityUnavailableException("gone", new IOException());
                        },
                        new Random(1));

        assertThatThrownBy(() ->
                        unavailable.find(begun.accessKeyId(), Optional.of(begun.sessionToken())))
                .isInstanceOf(IdentityUnavailableException.class);
    }

    @Test
    void neverShowsASecret() {
        var begun = begin();

        assertThat(begun.toString())
                .contains(begun.accessKeyId())
                .doesNotContain(begun.secretAccessKey())
                .doesNotContain(begun.sessionToken());
    }

    @Test
    void asksUsersWithoutATokenAndSessionsWithOne() {
        var begun = begin();
        var user = new AccessKey("AKIAX", "s", new Caller("AKIAX", ACCOUNT, "arn", "AIDA"));
        var both = new UsersAndSessions((id, token) -> Optional.of(user), sessions);

        assertThat(both.find("AKIAX", Optional.empty())).contains(user);
        assertThat(both.find(begun.accessKeyId(), Optional.of(begun.sessionToken())))
                .isNotEqualTo(Optional.of(user))
                .isPresent();
        assertThat(both.find("AKIAX", Optional.of("token"))).isEmpty();
    }

    private SessionCredentials begin() {
        return sessions.begin(ACCOUNT, ARN, "AROAX:anna", EXPIRES);
    }

    private static String encoded(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
