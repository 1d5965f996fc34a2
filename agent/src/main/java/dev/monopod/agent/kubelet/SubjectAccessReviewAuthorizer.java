package dev.monopod.agent.kubelet;

import dev.monopod.agent.kubelet.Authenticator.User;
import dev.monopod.kube.serving.ExpiringCache;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;

/// Asks the API server whether a user may use a node, and remembers a yes for five minutes and a no
/// for thirty seconds, as the kubelet does. Thread-safe.
public final class SubjectAccessReviewAuthorizer implements Authorizer {
    private static final Duration ALLOWED_LIFETIME = Duration.ofMinutes(5);
    private static final Duration DENIED_LIFETIME = Duration.ofSeconds(30);
    private static final int MAX_ENTRIES = 16_384;

    private final KubernetesClient client;
    private final ExpiringCache<Question, Boolean> cache;

    public SubjectAccessReviewAuthorizer(KubernetesClient client, Clock clock) {
        this.client = client;
        this.cache = new ExpiringCache<>(MAX_ENTRIES, clock);
    }

    @Override
    public boolean isAllowed(User user, Access access) throws IOException {
        var question = new Question(user, access);
        var known = cache.find(question);
        if (known.isPresent()) {
            return known.get();
        }
        try {
            var allowed = review(user, access);
            cache.put(question, allowed, allowed ? ALLOWED_LIFETIME : DENIED_LIFETIME);
            return allowed;
        } catch (KubernetesClientException e) {
            throw new IOException("the API server cannot review access now", e);
        }
    }

    private boolean review(User user, Access access) {
        var answer =
                client.authorization()
                        .v1()
                        .subjectAccessReview()
                        .create(
                                new SubjectAccessReviewBuilder()
                                        .withNewSpec()
                                        .withUser(user.name())
                                        .withUid(user.uid())
                                        .withGroups(user.groups())
                                        .withExtra(user.extra())
                                        .withNewResourceAttributes()
                                        .withVerb(access.verb())
                                        .withVersion("v1")
                                        .withResource("nodes")
                                        .withSubresource(access.subresource())
                                        .withName(access.node())
                                        .endResourceAttributes()
                                        .endSpec()
                                        .build());
        return answer.getStatus() != null && Boolean.TRUE.equals(answer.getStatus().getAllowed());
    }

    private record Question(User user, Access access) {}
}
