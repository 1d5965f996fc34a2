package dev.monopod.eks.identity;

import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The secret of the Secret `kube-system/monopod-sts-key`, made by whoever needs it first: of two
/// at the same time one makes it, and both have that one. It is read anew after a minute; so to end
/// all sessions, delete the Secret. One that is damaged is never replaced. Any thread may ask.
public final class StoredSessionSecret implements SessionSecret {
    static final String NAME = "monopod-sts-key";

    /// For how long what was read is believed.
    static final Duration FRESH = Duration.ofMinutes(1);

    private static final String TYPE = "monopod.dev/sts-key";
    private static final String KEY = "key";
    private static final int BYTES = 32;

    private final KubernetesClient client;
    private final RandomGenerator random;
    private final InstantSource clock;
    private @Nullable Known known;

    private record Known(byte[] bytes, Instant readAt) {}

    /// @param random whose next numbers nobody can guess
    public StoredSessionSecret(
            KubernetesClient client, RandomGenerator random, InstantSource clock) {
        this.client = client;
        this.random = random;
        this.clock = clock;
    }

    @Override
    public synchronized byte[] bytes() {
        var now = clock.instant();
        var before = known;
        if (before != null && now.isBefore(before.readAt().plus(FRESH))) {
            return before.bytes().clone();
        }
        var read = new Known(readOrMake(), now);
        known = read;
        return read.bytes().clone();
    }

    private byte[] readOrMake() {
        try {
            return bytes(read().or(this::make).or(this::read));
        } catch (KubernetesClientException failure) {
            throw new IdentityUnavailableException(
                    "cannot reach Secret %s/%s".formatted(SecretAccessKeys.NAMESPACE, NAME),
                    failure);
        }
    }

    private Optional<Secret> read() {
        return Optional.ofNullable(
                client.secrets().inNamespace(SecretAccessKeys.NAMESPACE).withName(NAME).get());
    }

    /// Empty if another one was faster.
    private Optional<Secret> make() {
        var bytes = new byte[BYTES];
        random.nextBytes(bytes);
        var secret =
                new SecretBuilder()
                        .withNewMetadata()
                        .withNamespace(SecretAccessKeys.NAMESPACE)
                        .withName(NAME)
                        .endMetadata()
                        .withType(TYPE)
                        .addToData(KEY, Base64.getEncoder().encodeToString(bytes))
                        .build();
        return ApiCall.unless(ApiCode.CONFLICT, () -> client.resource(secret).create());
    }

    private static byte[] bytes(Optional<Secret> secret) {
        try {
            var bytes =
                    secret.filter(each -> TYPE.equals(each.getType()))
                            .map(Secret::getData)
                            .map(data -> data.get(KEY))
                            .map(Base64.getDecoder()::decode)
                            .orElse(new byte[0]);
            if (bytes.length == BYTES) {
                return bytes;
            }
            throw damaged(null);
        } catch (IllegalArgumentException notEncoded) {
            throw damaged(notEncoded);
        }
    }

    private static IdentityUnavailableException damaged(@Nullable Throwable cause) {
        return new IdentityUnavailableException(
                "Secret %s/%s is no key for sessions: delete it, which ends all sessions"
                        .formatted(SecretAccessKeys.NAMESPACE, NAME),
                cause);
    }
}
