package dev.monopod.eks.identity;

import dev.monopod.kube.client.ApiCode;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Access keys of users, each in a Secret of `kube-system`: `monopod-access-key-` and the id in
/// small letters, of type `monopod.dev/access-key`, with `accessKeyId`, `secretAccessKey`,
/// `userName` and `accountId`.
///
/// Every question is one to the API server, so that a key is good as soon as it is created, and no
/// longer once it is deleted. A Secret that cannot be made sense of is no key. Each method throws
/// [IdentityUnavailableException] if the API server does not answer, or refuses to; give it a
/// client that gives up soon. Any thread may call.
public final class SecretAccessKeys implements AccessKeys {
    static final String NAMESPACE = "kube-system";
    static final String TYPE = "monopod.dev/access-key";

    private static final String KIND = "AKIA";
    private static final String LABEL = "monopod.dev/access-key";
    private static final String NAME_PREFIX = "monopod-access-key-";
    private static final int SECRET_CHARACTERS = 40;
    private static final String SECRET_LETTERS =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    private static final Pattern USER_NAME = Pattern.compile("[\\w+=,.@-]{1,64}");
    private static final Pattern ACCOUNT = Pattern.compile("\\d{12}");

    private final KubernetesClient client;
    private final String accountId;
    private final RandomGenerator random;

    /// @param accountId of users that get a key
    /// @param random whose next numbers nobody can guess
    public SecretAccessKeys(KubernetesClient client, String accountId, RandomGenerator random) {
        this.client = client;
        this.accountId = accountId;
        this.random = random;
    }

    @Override
    public Optional<AccessKey> find(String accessKeyId, Optional<String> sessionToken) {
        if (sessionToken.isPresent() || !Identifiers.isOne(KIND, accessKeyId)) {
            return Optional.empty();
        }
        return read(accessKeyId).filter(key -> key.id().equals(accessKeyId));
    }

    /// Makes a key of that user, and returns it with its secret, which no list shows.
    ///
    /// @throws IllegalArgumentException if no user of IAM can be called so
    public AccessKey create(String userName) {
        if (!USER_NAME.matcher(userName).matches()) {
            throw new IllegalArgumentException(
                    "invalid user name '%s': use 1 to 64 of A-Z a-z 0-9 _ + = , . @ -"
                            .formatted(userName));
        }
        var id = Identifiers.random(KIND, random);
        var secret = new StringBuilder();
        for (int i = 0; i < SECRET_CHARACTERS; i++) {
            secret.append(SECRET_LETTERS.charAt(random.nextInt(SECRET_LETTERS.length())));
        }
        var made =
                new SecretBuilder()
                        .withNewMetadata()
                        .withNamespace(NAMESPACE)
                        .withName(name(id))
                        .addToLabels(LABEL, "true")
                        .endMetadata()
                        .withType(TYPE)
                        .addToData("accessKeyId", encoded(id))
                        .addToData("secretAccessKey", encoded(secret.toString()))
                        .addToData("userName", encoded(userName))
                        .addToData("accountId", encoded(accountId))
                        .build();
        var unused = asking(() -> client.resource(made).create());
        return new AccessKey(id, secret.toString(), user(id, accountId, userName));
    }

    /// The keys of all users, by user and id.
    public List<UserKey> list() {
        return asking(() ->
                        client.secrets()
                                .inNamespace(NAMESPACE)
                                .withLabel(LABEL, "true")
                                .list()
                                .getItems())
                .stream()
                .flatMap(SecretAccessKeys::listed)
                .sorted(Comparator.comparing(UserKey::userName).thenComparing(UserKey::accessKeyId))
                .toList();
    }

    /// Deletes a key; whoever has it is nobody from now on.
    ///
    /// @return whether there was one
    public boolean delete(String accessKeyId) {
        if (!Identifiers.isOne(KIND, accessKeyId) || read(accessKeyId).isEmpty()) {
            return false;
        }
        return !asking(() ->
                        client.secrets()
                                .inNamespace(NAMESPACE)
                                .withName(name(accessKeyId))
                                .delete())
                .isEmpty();
    }

    /// What `sts get-caller-identity` says of a user with that key.
    static Caller user(String accessKeyId, String accountId, String userName) {
        var arn = "arn:aws:iam::%s:user/%s".formatted(accountId, userName);
        return new Caller(accessKeyId, accountId, arn, Identifiers.derived("AIDA", arn));
    }

    private Optional<AccessKey> read(String accessKeyId) {
        return asking(() ->
                        Optional.ofNullable(
                                client.secrets()
                                        .inNamespace(NAMESPACE)
                                        .withName(name(accessKeyId))
                                        .get()))
                .flatMap(SecretAccessKeys::key);
    }

    private static Stream<UserKey> listed(Secret secret) {
        var created = secret.getMetadata().getCreationTimestamp();
        return key(secret)
                .map(key ->
                        new UserKey(
                                key.id(),
                                key.caller().arn().split("/", 2)[1],
                                Objects.requireNonNullElse(created, "")))
                .stream();
    }

    /// The key in a Secret; empty if it is another's Secret, or damaged.
    private static Optional<AccessKey> key(Secret secret) {
        var id = text(secret, "accessKeyId");
        var account = text(secret, "accountId");
        var user = text(secret, "userName");
        var secretKey = text(secret, "secretAccessKey");
        boolean sound =
                TYPE.equals(secret.getType())
                        && Identifiers.isOne(KIND, id)
                        && name(id).equals(secret.getMetadata().getName())
                        && ACCOUNT.matcher(account).matches()
                        && USER_NAME.matcher(user).matches()
                        && secretKey.length() >= SECRET_CHARACTERS;
        return sound
                ? Optional.of(new AccessKey(id, secretKey, user(id, account, user)))
                : Optional.empty();
    }

    private static String text(Secret secret, String key) {
        if (secret.getData() == null) {
            return "";
        }
        @Nullable String encoded = secret.getData().get(key);
        try {
            return encoded == null
                    ? ""
                    : new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException damaged) {
            return "";
        }
    }

    private static String name(String accessKeyId) {
        return NAME_PREFIX + accessKeyId.toLowerCase(Locale.ROOT);
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static <T> T asking(Supplier<T> call) {
        try {
            return call.get();
        } catch (KubernetesClientException failure) {
            throw new IdentityUnavailableException(
                    ApiCode.FORBIDDEN.in(failure)
                            ? "not allowed to use the Secrets of access keys in " + NAMESPACE
                            : "cannot reach the Secrets of access keys in " + NAMESPACE,
                    failure);
        }
    }
}
