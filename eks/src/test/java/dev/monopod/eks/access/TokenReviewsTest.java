package dev.monopod.eks.access;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.eks.access.Mapping.Mapped;
import dev.monopod.eks.access.Mapping.Unmapped;
import dev.monopod.eks.access.TokenReviews.Token;
import dev.monopod.eks.identity.Caller;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TokenReviewsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @ParameterizedTest
    @ValueSource(strings = {"authentication.k8s.io/v1", "authentication.k8s.io/v1beta1"})
    void answersInTheVersionAsked(String version) throws JsonProcessingException {
        var answer = answer(review(version, "good"));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body())
                .isEqualTo(
                        JSON.readTree(
                                """
                                {"apiVersion": "%s", "kind": "TokenReview", "status": {
                                  "authenticated": true,
                                  "user": {"username": "ann", "uid": "u", "groups": ["a", "b"],
                                    "extra": {"arn": ["x"], "sessionName": [""]}}}}
                                """
                                        .formatted(version)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bad", "stranger", ""})
    void deniesWhoHasNoTokenOrIsNobodyHere(String token) throws JsonProcessingException {
        var answer = answer(review("authentication.k8s.io/v1beta1", token));

        assertThat(answer.status()).isEqualTo(403);
        var status = answer.body().path("status");
        assertThat(status.path("authenticated")).isEqualTo(JSON.readTree("false"));
        assertThat(status.has("user")).isFalse();
        assertThat(answer.body().path("apiVersion").asText())
                .isEqualTo("authentication.k8s.io/v1beta1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "null",
                "{\"apiVersion\": \"authentication.k8s.io/v2\", \"kind\": \"TokenReview\","
                        + " \"spec\": {\"token\": \"good\"}}",
                "{\"apiVersion\": \"authentication.k8s.io/v1\", \"kind\": \"Pod\", \"spec\":"
                        + " {\"token\": \"good\"}}",
                "{\"apiVersion\": \"authentication.k8s.io/v1\", \"kind\": \"TokenReview\","
                        + " \"spec\": {\"token\": 1}}",
                "{\"apiVersion\": \"authentication.k8s.io/v1\", \"kind\": \"TokenReview\"}"
            })
    void refusesWhatIsNoReview(String body) throws JsonProcessingException {
        var answer = answer(JSON.readTree(body));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body().path("status").path("authenticated").asBoolean(true)).isFalse();
    }

    @Test
    void doesNotTellTheToken() throws JsonProcessingException {
        var answer = answer(review("authentication.k8s.io/v1", "secret-token"));

        assertThat(answer.body().toString()).doesNotContain("secret-token");
    }

    private static JsonNode review(String version, String token) throws JsonProcessingException {
        return JSON.readTree(
                """
                {"apiVersion": "%s", "kind": "TokenReview", "metadata": {"creationTimestamp": null},
                 "spec": {"token": "%s", "audiences": ["https://kubernetes.default.svc"]}}
                """
                        .formatted(version, token));
    }

    private static TokenReviews.Answer answer(JsonNode review) {
        return TokenReviews.answer(review, TokenReviewsTest::verify, TokenReviewsTest::map);
    }

    private static Token verify(String token) {
        return switch (token) {
            case "good" -> new Token.Valid(Callers.user("ann"));
            case "stranger" -> new Token.Valid(Callers.user("bob"));
            default -> new Token.Invalid("no token of this cluster");
        };
    }

    private static Mapping map(Caller caller) {
        return caller.arn().endsWith("ann")
                ? new Mapped(
                        "ann",
                        "u",
                        List.of("a", "b"),
                        Map.of("sessionName", List.of(""), "arn", List.of("x")))
                : new Unmapped("bob is nobody");
    }
}
