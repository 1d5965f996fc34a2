package dev.monopod.eks.cloudformation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.eks.identity.AccessKey;
import dev.monopod.eks.identity.Caller;
import dev.monopod.eks.query.Answer;
import dev.monopod.eks.query.Signer;
import dev.monopod.eks.signature.SignatureVerifier;
import dev.monopod.eks.wire.ApiRequest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CloudFormationApiTest {
    private static final Instant NOW = Instant.parse("2026-11-29T09:00:00Z");
    private static final AccessKey KEY =
            new AccessKey("AKIDEXAMPLE", "secret", new Caller("AKIDEXAMPLE", "1", "arn", "AIDA"));

    private final CloudFormationApi api =
            new CloudFormationApi(
                    new SignatureVerifier((id, token) -> Optional.of(KEY), "us-west-2"));

    @Test
    void hasNoStack() {
        var answer =
                answer(signed("Action=ListStacks&Version=2010-05-15&StackStatusFilter.member.1=X"));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.root()).isEqualTo("ListStacksResponse");
        assertThat(answer.namespace())
                .isEqualTo("http://cloudformation.amazonaws.com/doc/2010-05-15/");
        assertThat(answer.text("StackSummaries")).isEmpty();
    }

    @Test
    void knowsNoOtherOperation() {
        var answer = answer(signed("Action=CreateStack&Version=2010-05-15"));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text("Code")).isEqualTo("InvalidAction");
    }

    @Test
    void answersNobodyWithoutASignature() {
        var answer =
                answer(
                        new ApiRequest(
                                "POST",
                                "/",
                                "",
                                List.of(),
                                "Action=ListStacks&Version=2010-05-15"
                                        .getBytes(StandardCharsets.UTF_8)));

        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.text("Code")).isEqualTo("MissingAuthenticationToken");
    }

    private static ApiRequest signed(String form) {
        return new Signer("cloudformation", KEY, Optional.empty(), NOW).post(form);
    }

    private Answer answer(ApiRequest request) {
        return Answer.of(api.handle(request, NOW, "id"));
    }
}
