package dev.monopod.agent.kubelet;

import dev.monopod.kube.serving.ExpiringCache;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// Asks the API server who holds a token, and remembers it for two minutes, as the kubelet does.
/// Thread-safe.
public final class TokenReviewAuthenticator implements Authenticator {
    private static final Duration LIFETIME = Duration.ofMinutes(2);
    private static final int MAX_ENTRIES = 4096;

    private final KubernetesClient client;
    private final ExpiringCache<String, Optional<User>> cache;

    public TokenReviewAuthenticator(KubernetesClient client, Clock clock) {
        this.client = client;
        this.cache = new ExpiringCache<>(MAX_ENTRIES, clock);
    }

    @Override
    public Optional<User> authenticate(String bearerToken) throws IOException {
        var key = digest(bearerToken);
        var known = cache.find(key);
        if (known.isPresent()) {
            return known.get();
        }
        try {
            var user = review(bearerToken);
            cache.put(key, user, LIFETIME);
            return user;
        } catch (KubernetesClientException e) {
            throw new IOException("the API server cannot review a token now", e);
        }
    }

    private Optional<User> review(String bearerToken) {
        var answer =
                client.tokenReviews()
                        .create(
                                new TokenReviewBuilder()
                                        .withNewSpec()
                                        .withToken(bearerToken)
                                        .endSpec()
                                        .build());
        var status = answer.getStatus();
        if (status == null || !Boolean.TRUE.equals(status.getAuthenticated())) {
            return Optional.empty();
        }
        var user = status.getUser();
        return Optional.of(
                new User(
                        user.getUsername(),
                        Objects.requireNonNullElse(user.getUid(), ""),
                        user.getGroups(),
                        Objects.requireNonNullElse(user.getExtra(), Map.of())));
    }

    // Tokens themselves are not kept.
    private static String digest(String token) {
        try {
            return HexFormat.of()
                    .formatHex(
                            MessageDigest.getInstance("SHA-256")
                                    .digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
