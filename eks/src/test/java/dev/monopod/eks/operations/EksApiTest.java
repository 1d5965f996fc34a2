package dev.monopod.eks.operations;

import static dev.monopod.eks.operations.ApiRig.PROFILES;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The way to the operations, and the errors that belong to none of them.
final class EksApiTest {
    private final ApiRig api = new ApiRig();

    /// As the AWS CLI 1.46.3 and the AWS SDK for Java 2.57.8 sent them.
    @Test
    void knowsEveryCapturedRequest() throws IOException {
        List<String> answers = new ArrayList<>();
        api.store.apply("l", Objects.requireNonNull(spec()), Map.of());
        for (var captured : captured()) {
            var query = captured.path("query").asText();
            var answer =
                    api.call(
                            captured.path("method").asText(),
                            captured.path("path").asText() + (query.isEmpty() ? "" : "?" + query),
                            captured.path("body").asText());
            answers.add(
                    "%s %s %d %s"
                            .formatted(
                                    captured.path("method").asText(),
                                    captured.path("path").asText(),
                                    answer.status(),
                                    answer.errorType()));
        }

        var tags =
                "/tags/arn%3Aaws%3Aeks%3Aus-west-2%3A111122223333%3Afargateprofile%2Fc1%2Ffp%2Faaaa";
        assertThat(answers)
                .containsExactly(
                        "POST " + PROFILES + " 409 ResourceInUseException",
                        "GET " + PROFILES + " 200 ",
                        "DELETE " + PROFILES + "/fp 404 ResourceNotFoundException",
                        "GET " + PROFILES + "/nope 404 ResourceNotFoundException",
                        "POST " + PROFILES + " 409 ResourceInUseException",
                        "POST " + tags + " 404 NotFoundException",
                        "DELETE " + tags + " 404 NotFoundException",
                        "GET " + tags + " 404 NotFoundException",
                        "GET /clusters 200 ",
                        "GET /clusters/c1 200 ",
                        "GET " + PROFILES + "/nope 404 ResourceNotFoundException",
                        "POST " + PROFILES + " 409 ResourceInUseException",
                        "GET " + PROFILES + "/nope 404 ResourceNotFoundException",
                        "POST " + PROFILES + " 409 ResourceInUseException",
                        "POST " + tags + " 404 NotFoundException",
                        "DELETE " + tags + " 404 NotFoundException",
                        "DELETE " + PROFILES + "/fp 404 ResourceNotFoundException",
                        "GET " + PROFILES + " 200 ",
                        "GET " + PROFILES + "/nope 404 ResourceNotFoundException");
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /",
        "GET, /nothing",
        "GET, /clusters/",
        "GET, /clusters//fargate-profiles",
        "PUT, /clusters/c1",
        "PATCH, /clusters/c1/fargate-profiles/web",
        "POST, /clusters/c1/fargate-profiles/web",
        "GET, /clusters/c1/fargate-profiles/web/more",
        "DELETE, /clusters"
    })
    void refusesWhatIsNoOperation(String method, String path) {
        api.call(method, path, "")
                .isRefused(
                        404,
                        "UnknownOperationException",
                        "EKS has no operation " + method + " " + path);
    }

    @ParameterizedTest
    @CsvSource({
        "CreateCluster, POST, /clusters",
        "CreateNodegroup, POST, /clusters/c1/node-groups",
        "ListAddons, GET, /clusters/c1/addons",
        "DescribeAddonVersions, GET, /addons/supported-versions",
        "DeleteCluster, DELETE, /clusters/c1"
    })
    void saysWhichOperationsOfEksItDoesNotServe(String operation, String method, String path) {
        var answer = api.call(method, path, "{}");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.errorType()).isEqualTo("InvalidRequestException");
        assertThat(answer.message())
                .startsWith("Monopod does not serve " + operation + " of the EKS API; it serves ")
                .contains(
                        "CreateFargateProfile, CreatePodIdentityAssociation, DeleteFargateProfile,");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "no JSON",
                "null",
                "[]",
                "\"text\"",
                "{} {}",
                "{\"fargateProfileName\": 1}",
                "{\"fargateProfileName\": [\"web\"]}",
                "{\"selectors\": {\"namespace\": \"shop\"}}",
                "{\"subnets\": \"private-a\"}",
                "{\"tags\": {\"a\": true}}"
            })
    void refusesBodiesThatAreNotWhatAnOperationTakes(String body) {
        var answer = api.post(PROFILES, body);

        assertThat(answer.errorType()).isEqualTo("SerializationException");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.message()).startsWith("The body is");
    }

    @Test
    void refusesUrlsThatAreNotEncodedRightly() {
        api.get("/tags/arn%3")
                .isRefused(
                        400,
                        "SerializationException",
                        "'arn%3' of the URL is not percent-encoded UTF-8");
    }

    @Test
    void knowsEveryOperationOfEksOnce() {
        assertThat(Operation.ALL).hasSize(70).doesNotHaveDuplicates();
        assertThat(Operation.ALL)
                .extracting(operation -> operation.method() + " " + operation.path())
                .doesNotHaveDuplicates();
    }

    /// SDKs try again what is answered so.
    @ParameterizedTest
    @ValueSource(ints = {0, 429, 503, 504})
    void isUnavailableWhileTheApiServerIs(int code) {
        api.store.fail(new KubernetesClientException("refused", code, null));

        for (var answer : List.of(api.get(PROFILES), api.create("web"))) {
            answer.isRefused(
                    503,
                    "ServiceUnavailableException",
                    "The cluster's API server does not answer. Try again; a request that was"
                            + " carried out is not carried out twice.");
            assertThat(answer.json()).hasSize(1);
        }
    }

    @Test
    void saysWhatTheApiServerHasAgainstMonopod() {
        api.store.fail(
                new KubernetesClientException(
                        "failure",
                        500,
                        new StatusBuilder().withMessage("failed calling webhook").build()));

        api.create("web")
                .isRefused(
                        500,
                        "ServerException",
                        "The cluster's API server failed: failed calling webhook");
    }

    @Test
    void answersTheSameRequestOnceTheApiServerIsBack() {
        var body = ApiRig.body("web", ",\"clientRequestToken\":\"t\"");
        api.store.fail(new KubernetesClientException("refused", 0, null));
        assertThat(api.post(PROFILES, body).status()).isEqualTo(503);

        api.store.work();

        assertThat(api.post(PROFILES, body).profile().path("status").asText())
                .isEqualTo("CREATING");
    }

    private static dev.monopod.kube.api.FargateProfileSpec spec() {
        return ProfileOperationsTest.spec(null, List.of("private-a"), Map.of());
    }

    private static List<JsonNode> captured() throws IOException {
        var mapper = new ObjectMapper();
        List<JsonNode> requests = new ArrayList<>();
        try (var input =
                Objects.requireNonNull(EksApiTest.class.getResourceAsStream("captured.jsonl"))) {
            for (var line :
                    new String(input.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
                requests.add(mapper.readTree(line));
            }
        }
        return requests;
    }
}
