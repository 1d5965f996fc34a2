package dev.monopod.eks.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StoredSessionSecretTest {
    private final AtomicReference<Instant> now =
            new AtomicReference<>(Instant.parse("2026-11-29T09:00:00Z"));
    private MemoryApi api;
    private KubernetesClient client;

    @BeforeEach
    void start() throws IOException {
        api = new MemoryApi();
        client = api.client();
    }

    @AfterEach
    void stop() {
        client.close();
        api.close();
    }

    @Test
    void makesTheSecretOnceAndEverybodyHasIt() {
        var first = secret(1).bytes();

        assertThat(first).hasSize(32);
        assertThat(secret(2).bytes()).isEqualTo(first);
    }

    @Test
    void hasTheOtherOnesSecretIfThatOneIsFaster() {
        var faster = new AtomicReference<byte[]>();
        api.beforeCreation(() -> {
            api.beforeCreation(() -> {});
            faster.set(secret(2).bytes());
        });

        var slower = secret(1).bytes();

        assertThat(slower).isEqualTo(faster.get());
    }

    @Test
    void knowsWithinAMinuteThatTheSecretIsAnother() {
        var secret = secret(1);
        var before = secret.bytes();
        delete();

        assertThat(secret.bytes()).isEqualTo(before);
        now.updateAndGet(time -> time.plus(StoredSessionSecret.FRESH));

        assertThat(secret.bytes()).isNotEqualTo(before);
    }

    @Test
    void neverReplacesWhatIsDamaged() {
        client.resource(
                        new SecretBuilder()
                                .withNewMetadata()
                                .withNamespace("kube-system")
                                .withName("monopod-sts-key")
                                .endMetadata()
                                .withType("monopod.dev/sts-key")
                                .addToData("key", "AAAA")
                                .build())
                .create();

        assertThatThrownBy(() -> secret(1).bytes())
                .isInstanceOf(IdentityUnavailableException.class)
                .hasMessageContaining("delete it");
        assertThat(stored()).isEqualTo("AAAA");
    }

    @Test
    void cannotBeKnownWithoutAnApiServer() {
        api.fail(500);

        assertThatThrownBy(() -> secret(1).bytes())
                .isInstanceOf(IdentityUnavailableException.class);
    }

    @Test
    void givesACopyOfItself() {
        var secret = secret(1);
        secret.bytes()[0] ^= 1;

        assertThat(secret.bytes()).isEqualTo(secret(2).bytes());
    }

    private StoredSessionSecret secret(int seed) {
        return new StoredSessionSecret(client, new Random(seed), now::get);
    }

    private String stored() {
        return client.secrets()
                .inNamespace("kube-system")
                .withName("monopod-sts-key")
                .get()
                .getData()
                .get("key");
    }

    private void delete() {
        client.secrets().inNamespace("kube-system").withName("monopod-sts-key").delete();
    }
}
