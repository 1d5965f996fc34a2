package dev.monopod.eks.operations;

import static dev.monopod.eks.operations.ApiRig.PROFILES;
import static dev.monopod.eks.operations.ApiRig.body;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TagOperationsTest {
    private static final String CLUSTER = tags("arn:aws:eks:us-west-2:111122223333:cluster/c1");
    private static final String UNKNOWN =
            "arn:aws:eks:us-west-2:111122223333:fargateprofile/c1/web/other";

    private final ApiRig api = new ApiRig();
    private String path = "";

    @BeforeEach
    void makeAProfile() {
        path =
                tags(
                        api.post(PROFILES, body("web", ",\"tags\":{\"a\":\"1\",\"b\":\"2\"}"))
                                .profile()
                                .path("fargateProfileArn")
                                .asText());
    }

    @Test
    void listsTags() {
        assertThat(api.get(path).json()).hasToString("{\"tags\":{\"a\":\"1\",\"b\":\"2\"}}");
    }

    @Test
    void addsAndReplacesTagsAndLeavesOthers() {
        var answer = api.post(path, "{\"tags\":{\"b\":\"3\",\"c\":\"\"}}");

        assertThat(answer.text()).isEqualTo("{}");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(api.store.object("web").getSpec().tags())
                .containsOnlyKeys("a", "b", "c")
                .containsEntry("b", "3");
        assertThat(api.get(PROFILES + "/web").profile().path("tags")).hasSize(3);
    }

    @Test
    void removesTagsAndPassesOverThoseThatAreNotThere() {
        var answer = api.delete(path + "?tagKeys=a&tagKeys=no%20such");

        assertThat(answer.text()).isEqualTo("{}");
        assertThat(api.get(path).json()).hasToString("{\"tags\":{\"b\":\"2\"}}");
    }

    @Test
    void refusesUnknownResources() {
        for (var answer :
                List.of(
                        api.get(tags(UNKNOWN)),
                        api.post(tags(UNKNOWN), "{\"tags\":{\"a\":\"b\"}}"),
                        api.delete(tags(UNKNOWN) + "?tagKeys=a"))) {
            answer.isRefused(
                    404, "NotFoundException", "No resource found for ARN: " + UNKNOWN + ".");
            assertThat(answer.json()).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "arn:aws:eks:us-west-2:111122223333:cluster/c2",
                "arn:aws:eks:us-west-2:111122223333:nodegroup/c1/n/u",
                "arn:aws:eks:us-west-2:999999999999:fargateprofile/c1/web/uid-1",
                "arn:aws:eks:eu-west-1:111122223333:fargateprofile/c1/web/uid-1"
            })
    void refusesResourcesOfOthers(String arn) {
        assertThat(api.get(tags(arn)).errorType()).isEqualTo("NotFoundException");
    }

    @ParameterizedTest
    @ValueSource(strings = {"web", "arn:aws:eks", "urn:aws:eks:us-west-2:1:cluster/c1"})
    void refusesWhatIsNoArn(String arn) {
        var answer = api.get(tags(arn));

        assertThat(answer.errorType()).isEqualTo("BadRequestException");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.message()).startsWith("The resource ARN '" + arn + "' is invalid");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"tags\":null}",
                "{\"tags\":{}}",
                "{\"tags\":{\"\":\"v\"}}",
                "{\"tags\":{\"k\":null}}",
                "{\"tags\":{\"AWS:k\":\"v\"}}"
            })
    void refusesTagsThatCannotBe(String body) {
        var answer = api.post(path, body);

        assertThat(answer.errorType()).isEqualTo("BadRequestException");
        assertThat(answer.message()).startsWith("1 validation error detected: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?tagKeys=", "?tagKeys=aws:x"})
    void refusesKeysThatCannotBe(String query) {
        assertThat(api.delete(path + query).errorType()).isEqualTo("BadRequestException");
    }

    @Test
    void refusesMoreThanFiftyTagsOfAResource() {
        var more =
                IntStream.range(0, 49)
                        .mapToObj(number -> "\"k" + number + "\":\"v\"")
                        .collect(Collectors.joining(",", "{\"tags\":{", "}}"));

        api.post(path, more)
                .isRefused(
                        400,
                        "BadRequestException",
                        "A resource has at most 50 tags, this one would have 51");
        assertThat(api.get(path).json().path("tags")).hasSize(2);
    }

    @Test
    void tellsTheTagsOfTheClusterAndKeepsThem() {
        assertThat(api.get(CLUSTER).json()).hasToString("{\"tags\":{\"team\":\"a\"}}");
        for (var answer :
                List.of(
                        api.post(CLUSTER, "{\"tags\":{\"a\":\"b\"}}"),
                        api.delete(CLUSTER + "?tagKeys=team"))) {
            answer.isRefused(
                    400,
                    "BadRequestException",
                    "The tags of cluster c1 are fixed; those of its Fargate profiles and pod"
                            + " identity associations can be changed");
        }
    }

    private static String tags(String arn) {
        return "/tags/" + URLEncoder.encode(arn, StandardCharsets.UTF_8);
    }
}
