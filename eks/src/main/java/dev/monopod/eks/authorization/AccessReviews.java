package dev.monopod.eks.authorization;

import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;

/// Rights as the API server's authorizers see them, asked anew each time: what an administrator
/// takes away is gone.
public final class AccessReviews implements Rights {
    private static final String AUTHENTICATED = "system:authenticated";

    private final KubernetesClient client;

    public AccessReviews(KubernetesClient client) {
        this.client = client;
    }

    @Override
    public boolean has(Subject subject, Action.Attributes attributes) {
        var groups = new ArrayList<>(subject.groups());
        groups.add(AUTHENTICATED);
        var review =
                client.authorization()
                        .v1()
                        .subjectAccessReview()
                        .create(
                                new SubjectAccessReviewBuilder()
                                        .withNewSpec()
                                        .withUser(subject.username())
                                        .withUid(subject.uid())
                                        .withGroups(groups)
                                        .withExtra(subject.extra())
                                        .withNewResourceAttributes()
                                        .withVerb(attributes.verb())
                                        .withGroup(attributes.group())
                                        .withResource(attributes.resource())
                                        .endResourceAttributes()
                                        .endSpec()
                                        .build());
        return review.getStatus() != null && Boolean.TRUE.equals(review.getStatus().getAllowed());
    }
}
