package dev.monopod.eks.operations;

import static dev.monopod.eks.operations.ApiRig.PROFILES;
import static dev.monopod.eks.operations.ApiRig.ROLE;
import static dev.monopod.eks.operations.ApiRig.body;
import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.kube.api.FargateProfileSpec;
import dev.monopod.kube.api.FargateProfileStatus.Phase;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Contract, "API `CreateFargateProfile`, `DescribeFargateProfile`, `ListFargateProfiles`,
/// `DeleteFargateProfile` with tags, idempotency tokens, paging and EKS' error types".
final class ProfileOperationsTest {
    private static final String TOKEN = ",\"clientRequestToken\":\"t-1\"";

    private final ApiRig api = new ApiRig();

    @Test
    void makesAProfileAndTellsAllOfIt() {
        var answer =
                api.post(
                        PROFILES,
                        """
                        {"fargateProfileName": "web", "podExecutionRoleArn": "%s",
                         "subnets": ["private-b", "private-a"],
                         "selectors": [{"namespace": "shop", "labels": {"app": "web-*"}},
                                       {"namespace": "team-?"}],
                         "tags": {"cost": "42"}, "clientRequestToken": "t", "unknown": 1}
                        """
                                .formatted(ROLE));

        assertThat(answer.text())
                .isEqualTo(
                        "{\"fargateProfile\":{\"fargateProfileName\":\"web\",\"fargateProfileArn\":"
                                + "\"arn:aws:eks:us-west-2:111122223333:fargateprofile/c1/web/uid-1\","
                                + "\"clusterName\":\"c1\",\"createdAt\":1795942800.000,"
                                + "\"podExecutionRoleArn\":\"arn:aws:iam::111122223333:role/r\","
                                + "\"subnets\":[\"private-b\",\"private-a\"],\"selectors\":["
                                + "{\"namespace\":\"shop\",\"labels\":{\"app\":\"web-*\"}},"
                                + "{\"namespace\":\"team-?\"}],\"status\":\"CREATING\","
                                + "\"tags\":{\"cost\":\"42\"},\"health\":{\"issues\":[]}}}");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(api.get(PROFILES + "/web").text()).isEqualTo(answer.text());
    }

    @Test
    void tellsWhatTheControllerSays() {
        api.create("web").profile();
        api.store.status("web", Phase.ACTIVE, null);

        assertThat(api.get(PROFILES + "/web").profile().path("status").asText())
                .isEqualTo("ACTIVE");
    }

    @Test
    void tellsWhyAProfileFailedAndWhichSubnetsAreMeant() {
        api.store.apply("web", spec(null, List.of("private-a", "gone"), Map.of()), Map.of());
        api.store.status(
                "web",
                Phase.CREATE_FAILED,
                "The subnet ID 'gone' does not exist (spec.subnets[1])");

        assertThat(api.get(PROFILES + "/web").profile().path("health"))
                .hasToString(
                        "{\"issues\":[{\"code\":\"InternalFailure\",\"message\":"
                                + "\"The subnet ID 'gone' does not exist\",\"resourceIds\":[\"gone\"]}]}");
    }

    @Test
    void tellsProfilesThatKubectlMade() {
        api.store.apply(
                "web-object", spec("Web_1", List.of("private-a"), Map.of("k", "v")), Map.of());

        var profile = api.get(PROFILES + "/Web_1").profile();

        assertThat(profile.path("fargateProfileName").asText()).isEqualTo("Web_1");
        assertThat(profile.path("tags")).hasToString("{\"k\":\"v\"}");
        assertThat(profile.path("subnets")).hasToString("[\"private-a\"]");
        assertThat(profile.has("podExecutionRoleArn")).isFalse();
        api.get(PROFILES + "/web-object")
                .isRefused(
                        404,
                        "ResourceNotFoundException",
                        "No Fargate Profile found with name: web-object.");
    }

    /// Terraform replaces a profile whose subnets are told although none were asked for.
    @Test
    void usesThePrivateSubnetsOfTheVpcAndTellsNoneIfNoneWereAskedFor() {
        var answer = api.create("web");

        assertThat(answer.profile().path("subnets")).isEmpty();
        assertThat(api.store.object("web").getSpec().subnets())
                .containsExactly("private-a", "private-b");
        assertThat(api.get(PROFILES + "/web").profile().path("subnets")).isEmpty();
    }

    @Test
    void refusesAProfileWithoutSubnetsWhereThereIsNoPrivateOne() {
        api.become(ApiRig.cluster(ClusterDescription.Status.ACTIVE, "other"));

        api.create("web")
                .isRefused(
                        400,
                        "InvalidParameterException",
                        "The request names no subnet, and VPC other has no private subnet in an"
                                + " Availability Zone");
    }

    @Test
    void refusesUnknownClustersBeforeAnythingElse() {
        for (var answer :
                List.of(
                        api.post("/clusters/c2/fargate-profiles", "{}"),
                        api.get("/clusters/c2/fargate-profiles?maxResults=0"),
                        api.get("/clusters/c2/fargate-profiles/web"),
                        api.delete("/clusters/c2/fargate-profiles/web"))) {
            answer.isRefused(404, "ResourceNotFoundException", "No cluster found for name: c2.");
        }
    }

    @Test
    void refusesUnknownProfiles() {
        for (var answer : List.of(api.get(PROFILES + "/web"), api.delete(PROFILES + "/web"))) {
            answer.isRefused(
                    404, "ResourceNotFoundException", "No Fargate Profile found with name: web.");
            assertThat(answer.json().path("fargateProfileName").asText()).isEqualTo("web");
        }
    }

    /// Before the cluster's state, which comes before the selectors.
    @Test
    void refusesANameThatIsTaken() {
        api.create("web").profile();
        api.become(ApiRig.cluster(ClusterDescription.Status.UPDATING, "default"));

        var answer =
                api.post(
                        PROFILES,
                        "{\"fargateProfileName\":\"web\",\"podExecutionRoleArn\":\"%s\"}"
                                .formatted(ROLE));

        answer.isRefused(
                409,
                "ResourceInUseException",
                "A Fargate Profile already exists with this name in this cluster.");
        assertThat(answer.json().path("clusterName").isNull()).isTrue();
    }

    @Test
    void refusesANameThatAnotherProcessTakesMeanwhile() {
        api.store.beforeCreation(
                () -> api.store.apply("web", spec(null, List.of("private-a"), Map.of()), Map.of()));

        api.create("web")
                .isRefused(
                        409,
                        "ResourceInUseException",
                        "A Fargate Profile already exists with this name in this cluster.");
    }

    @Test
    void refusesProfilesOfAClusterThatIsNotActive() {
        api.become(ApiRig.cluster(ClusterDescription.Status.UPDATING, "default"));

        api.post(
                        PROFILES,
                        "{\"fargateProfileName\":\"web\",\"podExecutionRoleArn\":\"%s\"}"
                                .formatted(ROLE))
                .isRefused(400, "InvalidRequestException", "Cluster 'c1' is not in ACTIVE status");
    }

    @Test
    void makesOneProfileAtATime() {
        api.create("first").profile();

        api.create("second")
                .isRefused(
                        409,
                        "ResourceInUseException",
                        "Cannot create Fargate Profile second because cluster c1 currently has"
                                + " Fargate profile first in status CREATING");

        api.store.status("first", Phase.ACTIVE, null);
        api.create("second").profile();
    }

    @Test
    void makesNoProfileWhileAnotherIsDeleted() {
        active("first");
        api.delete(PROFILES + "/first").profile();

        api.create("second")
                .isRefused(
                        409,
                        "ResourceInUseException",
                        "Cannot create Fargate Profile second because cluster c1 currently has"
                                + " Fargate profile first in status DELETING");

        api.store.remove("first");
        api.create("second").profile();
    }

    @Test
    void tellsThatAProfileIsBeingDeletedUntilItIsGone() {
        active("web");

        assertThat(api.delete(PROFILES + "/web").profile().path("status").asText())
                .isEqualTo("DELETING");
        assertThat(api.get(PROFILES + "/web").profile().path("status").asText())
                .isEqualTo("DELETING");
        assertThat(api.delete(PROFILES + "/web").profile().path("status").asText())
                .isEqualTo("DELETING");

        api.store.remove("web");
        assertThat(api.get(PROFILES + "/web").status()).isEqualTo(404);
    }

    @Test
    void deletesOneProfileAtATime() {
        active("first");
        active("second");
        api.delete(PROFILES + "/first").profile();

        api.delete(PROFILES + "/second")
                .isRefused(
                        409,
                        "ResourceInUseException",
                        "Cannot Delete Fargate Profile second because cluster c1 currently has"
                                + " Fargate profile first in status DELETING");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", ",\"selectors\":null", ",\"selectors\":[]", ",\"selectors\":[null]"})
    void refusesProfilesWithoutASelector(String selectors) {
        var message =
                selectors.endsWith("[null]")
                        ? "Fargate Profile must have at least one selector with at least one"
                                + " namespace value."
                        : "Fargate Profile requires at least one selector.";

        withSelectors(selectors).isRefused(400, "InvalidParameterException", message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"namespace\":\"\"}", "{\"labels\":{\"a\":\"b\"}}"})
    void refusesSelectorsWithoutANamespace(String selector) {
        withSelectors(",\"selectors\":[" + selector + "]")
                .isRefused(
                        400,
                        "InvalidParameterException",
                        "Fargate Profile must have at least one selector with at least one"
                                + " namespace value.");
    }

    @Test
    void refusesSelectorsOfMoreThanFiveLabels() {
        var labels =
                IntStream.range(0, 6)
                        .mapToObj(number -> "\"k" + number + "\":\"v\"")
                        .collect(Collectors.joining(","));

        withSelectors(",\"selectors\":[{\"namespace\":\"a\",\"labels\":{" + labels + "}}]")
                .isRefused(
                        400,
                        "InvalidParameterException",
                        "Request contains Selector with more than 5 Label pairs");
    }

    @Test
    void refusesMoreThanFiveSelectors() {
        var six =
                IntStream.range(0, 6)
                        .mapToObj(number -> "{\"namespace\":\"n" + number + "\"}")
                        .collect(Collectors.joining(","));

        assertThat(withSelectors(",\"selectors\":[" + six + "]").message())
                .endsWith(
                        "at 'selectors' failed to satisfy constraint: Member must have length less"
                                + " than or equal to 5");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"namespace\":\"Shop\"} | Value 'Shop' at 'selectors.1.member.namespace'",
                "{\"namespace\":\"a\",\"labels\":{\"k\":\"a b\"}} | Value 'a b' at"
                        + " 'selectors.1.member.labels.k'",
                "{\"namespace\":\"a\",\"labels\":{\"k\":null}} | Value null at"
                        + " 'selectors.1.member.labels.k'"
            })
    void refusesSelectorsThatNothingCanMatch(String selector, String message) {
        var answer = withSelectors(",\"selectors\":[" + selector + "]");

        assertThat(answer.errorType()).isEqualTo("InvalidParameterException");
        assertThat(answer.message()).startsWith("1 validation error detected: " + message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "public-a | Subnet public-a provided in Fargate Profile is not a private subnet",
                "subnet-1 | The subnet ID 'subnet-1' does not exist"
            })
    void refusesSubnetsInEksWords(String subnet, String message) {
        api.post(PROFILES, body("web", ",\"subnets\":[\"" + subnet + "\"]"))
                .isRefused(400, "InvalidParameterException", message);
    }

    @Test
    void refusesAnEleventhProfile() {
        IntStream.range(0, 10).forEach(number -> active("p" + number));

        var answer = api.create("one-more");

        assertThat(answer.errorType()).isEqualTo("ResourceLimitExceededException");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.message()).startsWith("A cluster has at most 10 Fargate profiles");
    }

    @Test
    void refusesTheReservedPrefix() {
        api.create("eks-web")
                .isRefused(
                        400,
                        "InvalidParameterException",
                        "The fargate profile name starts with the reserved prefix: 'eks-'.");
    }

    @Test
    void saysEveryMemberWhoseFormCannotBe() {
        var answer =
                api.post(
                        PROFILES,
                        "{\"fargateProfileName\":\"a.b\",\"subnets\":[\"\"],"
                                + "\"tags\":{\"aws:x\":\"v\"}}");

        answer.isRefused(
                400,
                "InvalidParameterException",
                "5 validation errors detected: Value 'a.b' at 'fargateProfileName' failed to satisfy"
                        + " constraint: Member must satisfy regular expression pattern:"
                        + " [0-9A-Za-z][A-Za-z0-9_-]*; Value null at 'podExecutionRoleArn' failed to"
                        + " satisfy constraint: Member must not be null; Value '' at"
                        + " 'subnets.member' failed to satisfy constraint: Member must have length"
                        + " greater than or equal to 1; Value '' at 'subnets.member' failed to"
                        + " satisfy constraint: Member must satisfy regular expression pattern:"
                        + " [a-z0-9]([a-z0-9.-]*[a-z0-9])?; Value 'aws:x' at 'tags.key' failed to"
                        + " satisfy constraint: Member must not begin with aws:, which is reserved");
    }

    @ParameterizedTest
    @CsvSource({
        "fargateProfileName, 100, a",
        "tags.key, 128, \"tags\":{\"%s\":\"v\"}",
        "tags.k, 256, \"tags\":{\"k\":\"%s\"}",
        "clientRequestToken, 256, \"clientRequestToken\":\"%s\""
    })
    void holdsLengths(String member, int longest, String members) {
        var fits = "x".repeat(longest);

        assertThat(withText(members, fits).status()).isEqualTo(200);
        assertThat(withText(members, fits + "x").message())
                .contains("at '" + member + "'")
                .endsWith("Member must have length less than or equal to " + longest);
    }

    @Test
    void takesFiftyTagsAndNoMore() {
        assertThat(withTags(51).message()).endsWith("length less than or equal to 50");
        assertThat(withTags(50).status()).isEqualTo(200);
    }

    @Test
    void answersTheSameRequestTheSame() {
        var first = api.post(PROFILES, body("web", TOKEN + ",\"tags\":{\"a\":\"1\",\"b\":\"2\"}"));
        var again = api.post(PROFILES, body("web", ",\"tags\":{\"b\":\"2\",\"a\":\"1\"}" + TOKEN));

        assertThat(first.status()).isEqualTo(200);
        assertThat(again.text()).isEqualTo(first.text());
        assertThat(api.store.list()).hasSize(1);
    }

    @Test
    void answersTheSameRequestTheSameIfAnotherProcessWasFaster() {
        var other = new ApiRig();
        other.post(PROFILES, body("web", TOKEN)).profile();
        var made = other.store.object("web");
        api.store.beforeCreation(
                () -> api.store.apply("web", made.getSpec(), made.getMetadata().getAnnotations()));

        assertThat(api.post(PROFILES, body("web", TOKEN)).profile().path("status").asText())
                .isEqualTo("CREATING");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "web | ,\"subnets\":[\"private-a\"]",
                "other | ''",
                "web | ,\"tags\":{\"a\":\"b\"}"
            })
    void refusesATokenWithOtherParameters(String name, String more) {
        api.post(PROFILES, body("web", TOKEN)).profile();

        api.post(PROFILES, body(name, more + TOKEN))
                .isRefused(
                        400,
                        "InvalidRequestException",
                        "The client request token t-1 was used with other parameters, for Fargate"
                                + " profile web; use a new token for a new request");
    }

    @Test
    void forgetsTheTokenOfAProfileThatIsBeingDeleted() {
        api.post(PROFILES, body("web", TOKEN)).profile();
        api.delete(PROFILES + "/web").profile();

        assertThat(api.post(PROFILES, body("web", TOKEN)).errorType())
                .isEqualTo("ResourceInUseException");
    }

    @Test
    void listsNamesPageByPage() {
        for (var name : List.of("b", "Z", "a", "c", "d")) {
            active(name);
        }

        var first = api.get(PROFILES + "?maxResults=2").json();
        api.store.remove("a");
        active("B");
        var second = api.get(PROFILES + "?maxResults=2&nextToken=" + token(first)).json();
        var third = api.get(PROFILES + "?nextToken=" + token(second)).json();

        assertThat(first.path("fargateProfileNames")).hasToString("[\"Z\",\"a\"]");
        assertThat(second.path("fargateProfileNames")).hasToString("[\"b\",\"c\"]");
        assertThat(third).hasToString("{\"fargateProfileNames\":[\"d\"],\"nextToken\":null}");
    }

    @Test
    void listsAnEmptyPageOfNoProfiles() {
        assertThat(api.get(PROFILES).text())
                .isEqualTo("{\"fargateProfileNames\":[],\"nextToken\":null}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense", "%C3%A9", "Y2x1c3RlcnMvYQ", "AAAA"})
    void refusesTokensThatItDidNotGive(String token) {
        var answer = api.get(PROFILES + "?nextToken=" + token);

        assertThat(answer.errorType()).isEqualTo("InvalidParameterException");
        assertThat(answer.message()).contains("is invalid; ask for the first page again");
    }

    @ParameterizedTest
    @CsvSource({
        "0, InvalidParameterException, greater than or equal to 1",
        "-1, InvalidParameterException, greater than or equal to 1",
        "101, InvalidParameterException, less than or equal to 100",
        "x, SerializationException, not 'x'",
        "99999999999, SerializationException, not '99999999999'"
    })
    void refusesPagesOfNoLengthThatCanBe(String most, String type, String message) {
        var answer = api.get(PROFILES + "?maxResults=" + most);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.errorType()).isEqualTo(type);
        assertThat(answer.message()).endsWith(message);
    }

    static FargateProfileSpec spec(
            @Nullable String name, List<String> subnets, Map<String, String> tags) {
        return new FargateProfileSpec(
                name,
                List.of(new FargateProfileSpec.Selector("shop", null)),
                subnets,
                null,
                tags,
                null);
    }

    private static String token(com.fasterxml.jackson.databind.JsonNode page) {
        return page.path("nextToken").asText();
    }

    private void active(String name) {
        api.create(name).profile();
        api.store.status(name, Phase.ACTIVE, null);
    }

    private ApiRig.Answer withSelectors(String selectors) {
        return api.post(
                PROFILES,
                "{\"fargateProfileName\":\"web\",\"podExecutionRoleArn\":\"%s\"%s}"
                        .formatted(ROLE, selectors));
    }

    private ApiRig.Answer withText(String members, String text) {
        return new ApiRig()
                .post(
                        PROFILES,
                        members.equals("a")
                                ? body(text, "")
                                : body("web", "," + members.formatted(text)));
    }

    private ApiRig.Answer withTags(int count) {
        var tags =
                IntStream.range(0, count)
                        .mapToObj(number -> "\"k" + number + "\":\"\"")
                        .collect(Collectors.joining(","));
        return api.post(PROFILES, body("web", ",\"tags\":{" + tags + "}"));
    }
}
