package dev.monopod.eks.operations;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class WordsTest {
    @Test
    void leavesTheFieldsOfTheObjectOut() {
        assertThat(
                        Words.of(
                                "Subnet a (b) is not a private subnet (spec.subnets[0]); A name"
                                        + " (metadata.name); no room (metadata)"))
                .isEqualTo("Subnet a (b) is not a private subnet; A name; no room");
    }

    @Test
    void leavesTheNameOfTheWebhookOut() {
        var refusal =
                refusal(
                        "admission webhook \"fargateprofiles.validate.monopod.dev\" denied the"
                                + " request: The subnet ID 'a' does not exist (spec.subnets[0])");

        assertThat(Words.of(refusal)).isEqualTo("The subnet ID 'a' does not exist");
        assertThat(Words.ofWebhook(refusal)).isTrue();
        assertThat(Words.ofWebhook(refusal("profiles is forbidden"))).isFalse();
    }

    @Test
    void tellsEachFieldThatADefinitionRefuses() {
        var refusal =
                new KubernetesClientException(
                        "failure",
                        422,
                        new StatusBuilder()
                                .withMessage("FargateProfile.monopod.dev \"web\" is invalid: …")
                                .withNewDetails()
                                .addNewCause("spec.tags", "Too many: 51", "FieldValueTooMany")
                                .addNewCause("spec.tags", "Too many: 51", "FieldValueTooMany")
                                .endDetails()
                                .build());

        assertThat(Words.of(refusal)).isEqualTo("spec.tags: Too many: 51");
        assertThat(Words.speakOf("spec.tags", refusal)).isTrue();
        assertThat(Words.speakOf("metadata.uid", refusal)).isFalse();
    }

    @Test
    void saysWhatItHasOfAFailureWithoutAnswer() {
        assertThat(Words.of(new KubernetesClientException("refused"))).isEqualTo("refused");
    }

    @Test
    void findsTheSubnetsThatAreMeant() {
        assertThat(
                        Words.subnets(
                                "a (spec.subnets[1]); b (spec.subnets[1]); c (spec.subnets[9])",
                                List.of("x", "y")))
                .containsExactly("y");
    }

    private static KubernetesClientException refusal(String message) {
        return new KubernetesClientException(
                "failure", 422, new StatusBuilder().withMessage(message).build());
    }
}
