package dev.monopod.eks.podidentity;

import dev.monopod.eks.identity.IdentityUnavailableException;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Tokens as the API server reviews them: it knows of each whether its pod is still there. Give it
/// a client that gives up soon. Any thread may ask.
public final class ReviewedPodTokens implements PodTokens {
    private static final Pattern ACCOUNT = Pattern.compile("system:serviceaccount:([^:]+):([^:]+)");
    private static final String POD = "authentication.kubernetes.io/pod-name";
    private static final String UID = "authentication.kubernetes.io/pod-uid";

    private final KubernetesClient client;

    public ReviewedPodTokens(KubernetesClient client) {
        this.client = client;
    }

    @Override
    public Optional<PodToken> verify(String token) {
        try {
            var review =
                    client.tokenReviews()
                            .create(
                                    new TokenReviewBuilder()
                                            .withNewSpec()
                                            .withToken(token)
                                            .withAudiences(AUDIENCE)
                                            .endSpec()
                                            .build());
            return pod(review.getStatus());
        } catch (KubernetesClientException failure) {
            throw new IdentityUnavailableException("cannot review the token of a pod", failure);
        }
    }

    /// An authenticator that knows no audiences names none, and then the token may be for anyone.
    static Optional<PodToken> pod(@Nullable TokenReviewStatus status) {
        if (status == null
                || !Boolean.TRUE.equals(status.getAuthenticated())
                || !Objects.requireNonNullElse(status.getAudiences(), List.<String>of())
                        .contains(AUDIENCE)) {
            return Optional.empty();
        }
        var account = ACCOUNT.matcher(String.valueOf(status.getUser().getUsername()));
        var extra =
                Objects.requireNonNullElse(
                        status.getUser().getExtra(), Map.<String, List<String>>of());
        var pod = one(extra, POD);
        var uid = one(extra, UID);
        return account.matches() && pod.isPresent() && uid.isPresent()
                ? Optional.of(
                        new PodToken(account.group(1), account.group(2), pod.get(), uid.get()))
                : Optional.empty();
    }

    private static Optional<String> one(Map<String, List<String>> extra, String key) {
        var values = extra.getOrDefault(key, List.of());
        return values.size() == 1 ? Optional.of(values.getFirst()) : Optional.empty();
    }
}
