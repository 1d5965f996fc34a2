package dev.monopod.agent.loadbalancing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.loadbalancing.objects.KeptKind;
import dev.monopod.loadbalancing.objects.KindSource;
import dev.monopod.loadbalancing.objects.WantedKind;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NamedCertificatesTest {
    private static final String KEY = "shop/tls";

    private Instant now = Instant.EPOCH;
    private int reads;
    private int answer = 200;
    private @Nullable Secret secret = secret("kubernetes.io/tls", "one");
    private final NamedCertificates certificates =
            new NamedCertificates(new NoKinds(), this::read, () -> now);
    private final KeptKind<Secret> secrets =
            certificates.keep(new WantedKind<>(Secret.class, Map.of(), Set.of(), true));

    private @Nullable Secret read(String key) {
        assertThat(key).isEqualTo(KEY);
        reads++;
        if (answer != 200) {
            throw new KubernetesClientException("no", answer, null);
        }
        return secret;
    }

    @Test
    void readsOneByNameAndAgainWhenItIsNotFresh() {
        assertThat(secrets.find(KEY)).contains(secret);
        assertThat(secrets.find(KEY)).contains(secret);
        assertThat(reads).isEqualTo(1);

        secret = secret("kubernetes.io/tls", "two");
        now = now.plus(NamedCertificates.FRESH);

        assertThat(secrets.find(KEY)).contains(secret);
        assertThat(reads).isEqualTo(2);
    }

    @Test
    void takesNothingButCertificates() {
        secret = secret("Opaque", "one");

        assertThat(secrets.find(KEY)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"shop/../../bank/secrets/tls", "shop/a/b", "shop/..", "shop/", "shop/a?b=c"})
    void asksForNothingThatIsNoNameOfASecret(String key) {
        assertThat(secrets.find(key)).isEmpty();
        assertThat(reads).isZero();
    }

    @Test
    void asksAgainSoonForWhatItHasNoRightToYet() {
        answer = 403;
        assertThat(secrets.find(KEY)).isEmpty();

        answer = 200;
        now = now.plus(NamedCertificates.FRESH_REFUSAL);

        assertThat(secrets.find(KEY)).contains(secret);
    }

    @Test
    void asksAtOnceForWhatWasRefusedWhenItsRightsHaveChanged() {
        answer = 403;
        assertThat(secrets.find(KEY)).isEmpty();

        answer = 200;
        certificates.rightsChanged();

        assertThat(secrets.find(KEY)).contains(secret);
        certificates.rightsChanged();
        assertThat(secrets.find(KEY)).contains(secret);
        assertThat(reads).as("what it has is not asked for again").isEqualTo(2);
    }

    @Test
    void goesOnWithWhatItKnowsWhileTheApiServerIsAway() {
        var known = secrets.find(KEY);
        answer = 503;
        now = now.plus(Duration.ofMinutes(5));

        assertThat(secrets.find(KEY)).isEqualTo(known).isPresent();
    }

    @Test
    void showsOneThatWasDeletedAsGone() {
        assertThat(secrets.find(KEY)).isPresent();
        secret = null;
        now = now.plus(NamedCertificates.FRESH);

        assertThat(secrets.find(KEY)).isEmpty();
    }

    private static Secret secret(String type, String value) {
        return new SecretBuilder().withType(type).withData(Map.of("tls.crt", value)).build();
    }

    private static final class NoKinds implements KindSource {
        @Override
        public <T extends HasMetadata> KeptKind<T> keep(WantedKind<T> kind) {
            throw new AssertionError(kind.toString());
        }
    }
}
