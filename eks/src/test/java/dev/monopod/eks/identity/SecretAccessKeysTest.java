package dev.monopod.eks.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretAccessKeysTest {
    private static final Optional<String> NO_TOKEN = Optional.empty();

    private MemoryApi api;
    private KubernetesClient client;
    private SecretAccessKeys keys;

    @BeforeEach
    void start() throws IOException {
        api = new MemoryApi();
        client = api.client();
        keys = new SecretAccessKeys(client, "111122223333", new Random(1));
    }

    @AfterEach
    void stop() {
        client.close();
        api.close();
    }

    @Test
    void findsTheKeyThatItCreated() {
        var created = keys.create("anna");

        assertThat(keys.find(created.id(), NO_TOKEN)).contains(created);
        assertThat(created.id()).matches("AKIA[A-Z2-7]{16}");
        assertThat(created.secret()).matches("[A-Za-z0-9+/]{40}");
        assertThat(created.expires()).isEmpty();
        assertThat(created.caller().arn()).isEqualTo("arn:aws:iam::111122223333:user/anna");
        assertThat(created.caller().accountId()).isEqualTo("111122223333");
        assertThat(created.caller().accessKeyId()).isEqualTo(created.id());
        assertThat(created.caller().userId()).matches("AIDA[A-Z2-7]{16}");
    }

    @Test
    void keepsAKeyInASecretOfItsOwnType() {
        var created = keys.create("anna");

        var secret = secret(created.id());
        assertThat(secret.getMetadata().getName())
                .isEqualTo("monopod-access-key-" + created.id().toLowerCase(Locale.ROOT));
        assertThat(secret.getType()).isEqualTo("monopod.dev/access-key");
        assertThat(secret.getMetadata().getLabels())
                .containsEntry("monopod.dev/access-key", "true");
        assertThat(secret.getData())
                .containsOnlyKeys("accessKeyId", "secretAccessKey", "userName", "accountId");
    }

    @Test
    void givesAUserOneIdAndEachKeyItsOwn() {
        var first = keys.create("anna");
        var second = keys.create("anna");
        var other = keys.create("berta");

        assertThat(first.id()).isNotEqualTo(second.id());
        assertThat(first.secret()).isNotEqualTo(second.secret());
        assertThat(first.caller().userId()).isEqualTo(second.caller().userId());
        assertThat(first.caller().userId()).isNotEqualTo(other.caller().userId());
    }

    @Test
    void knowsNoKeyThatWasDeleted() {
        var created = keys.create("anna");

        assertThat(keys.delete(created.id())).isTrue();

        assertThat(keys.find(created.id(), NO_TOKEN)).isEmpty();
        assertThat(keys.delete(created.id())).isFalse();
    }

    @Test
    void listsKeysWithoutTheirSecrets() {
        var berta = keys.create("berta");
        var anna = keys.create("anna");

        assertThat(keys.list())
                .containsExactly(
                        new UserKey(anna.id(), "anna", "2026-11-29T09:00:00Z"),
                        new UserKey(berta.id(), "berta", "2026-11-29T09:00:00Z"));
        assertThat(keys.list().toString()).doesNotContain(anna.secret());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "AKIA",
                "AKIAAAAAAAAAAAAAAAA1",
                "../../secrets/x",
                "akiaaaaaaaaaaaaaaaaa",
                "ASIAAAAAAAAAAAAAAAAA",
                "AKIAAAAAAAAAAAAAAAAAA"
            })
    void knowsNoKeyOfAnotherForm(String id) {
        assertThat(keys.find(id, NO_TOKEN)).isEmpty();
        assertThat(keys.delete(id)).isFalse();
    }

    @Test
    void knowsNoUsersKeyWithASessionToken() {
        var created = keys.create("anna");

        assertThat(keys.find(created.id(), Optional.of("token"))).isEmpty();
    }

    @Test
    void takesADamagedSecretForNoKey() {
        damages(with("secretAccessKey", ""));
        damages(with("secretAccessKey", "%"));
        damages(with("userName", encoded("a/b")));
        damages(with("accountId", encoded("1")));
        damages(with("accessKeyId", encoded("AKIAAAAAAAAAAAAAAAAA")));
        damages(secret -> {
            secret.setType("Opaque");
            return secret;
        });
        damages(secret -> {
            secret.setData(null);
            return secret;
        });
    }

    private void damages(UnaryOperator<Secret> damage) {
        var created = keys.create("anna");
        var secret = secret(created.id());
        client.resource(secret).delete();
        client.resource(damage.apply(secret)).create();

        assertThat(keys.find(created.id(), NO_TOKEN)).isEmpty();
        assertThat(keys.list()).isEmpty();
        assertThat(keys.delete(created.id())).isFalse();
        client.resource(secret).delete();
    }

    private static UnaryOperator<Secret> with(String key, String value) {
        return secret -> {
            secret.getData().put(key, value);
            return secret;
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403, 429, 500, 503})
    void tellsAnOutageFromAnUnknownKey(int code) {
        var created = keys.create("anna");
        api.fail(code);

        assertThatThrownBy(() -> keys.find(created.id(), NO_TOKEN))
                .isInstanceOf(IdentityUnavailableException.class);
        assertThatThrownBy(() -> keys.list()).isInstanceOf(IdentityUnavailableException.class);
        assertThatThrownBy(() -> keys.create("b")).isInstanceOf(IdentityUnavailableException.class);
        assertThatThrownBy(() -> keys.delete(created.id()))
                .isInstanceOf(IdentityUnavailableException.class);
        api.fail(0);
        assertThat(keys.find(created.id(), NO_TOKEN)).isPresent();
    }

    @Test
    void tellsAServerThatIsGoneFromAnUnknownKey() {
        api.close();

        assertThatThrownBy(() -> keys.find("AKIAAAAAAAAAAAAAAAAA", NO_TOKEN))
                .isInstanceOf(IdentityUnavailableException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a/b", "ä", "a:b", "a\nb"})
    void refusesANameThatNoUserHas(String name) {
        assertThatThrownBy(() -> keys.create(name)).isInstanceOf(IllegalArgumentException.class);
        assertThat(keys.list()).isEmpty();
    }

    private Secret secret(String id) {
        return client.secrets()
                .inNamespace("kube-system")
                .withName("monopod-access-key-" + id.toLowerCase(Locale.ROOT))
                .get();
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
