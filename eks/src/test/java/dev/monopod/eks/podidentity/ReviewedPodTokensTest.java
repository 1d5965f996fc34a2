package dev.monopod.eks.podidentity;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.authentication.TokenReviewStatus;
import io.fabric8.kubernetes.client.utils.Serialization;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReviewedPodTokensTest {
    private static final String GOOD =
            """
            authenticated: true
            audiences: [pods.eks.amazonaws.com]
            user:
              username: system:serviceaccount:shop:reader
              extra:
                authentication.kubernetes.io/pod-name: [web-0]
                authentication.kubernetes.io/pod-uid: [u1]
            """;

    private static TokenReviewStatus status(String yaml) {
        return Serialization.unmarshal(yaml, TokenReviewStatus.class);
    }

    @Test
    void readsWhoseATokenIs() {
        assertThat(ReviewedPodTokens.pod(status(GOOD)))
                .contains(new PodToken("shop", "reader", "web-0", "u1"));
        assertThat(ReviewedPodTokens.pod(null)).isEmpty();
    }

    /// What is taken away, or put in the place of something.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "authenticated: true=authenticated: false",
                "audiences: [pods.eks.amazonaws.com]=audiences: [sts.amazonaws.com]",
                "audiences: [pods.eks.amazonaws.com]=",
                "system:serviceaccount:shop:reader=kubernetes-admin",
                "system:serviceaccount:shop:reader=system:node:shop",
                "    authentication.kubernetes.io/pod-uid: [u1]=",
                "    authentication.kubernetes.io/pod-name: [web-0]=",
                "[u1]=[u1, u2]",
            })
    void takesNothingElseForATokenOfAPod(String change) {
        var equals = change.indexOf('=');
        var changed = GOOD.replace(change.substring(0, equals), change.substring(equals + 1));

        assertThat(changed).isNotEqualTo(GOOD);
        assertThat(ReviewedPodTokens.pod(status(changed))).isEmpty();
    }
}
