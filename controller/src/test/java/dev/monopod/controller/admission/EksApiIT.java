package dev.monopod.controller.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.controller.TestRoles;
import dev.monopod.eks.identity.Caller;
import dev.monopod.eks.operations.ClusterDescription;
import dev.monopod.eks.operations.EksApi;
import dev.monopod.eks.operations.KubernetesProfileStore;
import dev.monopod.eks.podidentity.KubernetesAssociations;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileStatus;
import dev.monopod.kube.api.FargateProfileStatus.Phase;
import dev.monopod.kube.mapping.Profiles;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// The EKS API over a real API server with our definitions and webhooks: profiles of the API and
/// profiles of kubectl are the same.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class EksApiIT {
    private static final String PROFILES = "/clusters/c1/fargate-profiles";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private AdmissionRig rig;
    private KubernetesClient client;
    private EksApi api;

    private record Answer(int status, String error, JsonNode body) {
        String message() {
            return body.path("message").asText();
        }

        JsonNode profile() {
            assertThat(status).as(body.toString()).isEqualTo(200);
            return body.path("fargateProfile");
        }
    }

    @BeforeAll
    void start() throws IOException, InterruptedException {
        rig = AdmissionRig.start();
        client = rig.client();
        api =
                new EksApi(
                        EksApiIT::cluster,
                        new KubernetesProfileStore(client),
                        new KubernetesAssociations(client),
                        Clock.systemUTC());
    }

    @AfterAll
    void stop() {
        if (rig != null) {
            rig.close();
        }
    }

    @AfterEach
    void removeProfiles() {
        client.resources(FargateProfile.class).delete();
        Awaitility.await().until(() -> objects().isEmpty());
    }

    @Test
    void makesAnObjectWhoseNameMayDifferFromTheProfiles() {
        create("Web_1", ",\"tags\":{\"k\":\"v\"}").profile();

        var object = object("Web_1");
        assertThat(object.getMetadata().getName()).matches("web-1\\.[0-9a-f]{20}");
        assertThat(object.getSpec().profileName()).isEqualTo("Web_1");
        assertThat(object.getSpec().tags()).isEqualTo(Map.of("k", "v"));
        assertThat(object.getSpec().subnets()).containsExactly("private-a");
        assertThat(create("Web_1", "").message())
                .isEqualTo("A Fargate Profile already exists with this name in this cluster.");
        assertThat(call("GET", PROFILES + "/Web_1", "").profile().path("subnets")).isEmpty();
    }

    @Test
    void tellsWhatKubectlMade() {
        rig.create(
                FargateProfile.class,
                "FargateProfile",
                "object",
                "{profileName: Shop, selectors: [{namespace: shop}], subnets: [private-a]}");

        assertThat(call("GET", PROFILES, "").body())
                .hasToString("{\"fargateProfileNames\":[\"Shop\"],\"nextToken\":null}");
        assertThat(call("GET", PROFILES + "/Shop", "").profile().path("subnets"))
                .hasToString("[\"private-a\"]");
    }

    /// The object `shop` stands for another profile.
    @Test
    void takesAnotherNameForTheObjectIfItsOwnIsTaken() {
        rig.create(
                FargateProfile.class,
                "FargateProfile",
                "shop",
                "{profileName: Other, selectors: [{namespace: shop}], subnets: [private-a]}");
        activate("Other");

        create("shop", "").profile();

        assertThat(object("shop").getMetadata().getName()).startsWith("shop.");
        assertThat(objects()).hasSize(2);
    }

    @Test
    void saysInEksWordsWhatTheWebhookRefuses() {
        var isPublic = create("web", ",\"subnets\":[\"private-a\",\"public-a\"]");
        var unknown = create("web", ",\"subnets\":[\"subnet-1\"]");

        assertThat(isPublic.message())
                .isEqualTo("Subnet public-a provided in Fargate Profile is not a private subnet");
        assertThat(isPublic.error()).isEqualTo("InvalidParameterException");
        assertThat(unknown.message()).isEqualTo("The subnet ID 'subnet-1' does not exist");
        assertThat(unknown.status()).isEqualTo(400);
    }

    /// Terraform tries again as long as it reads these words.
    @Test
    void makesAProfileOnceItsRoleTrustsFargate() {
        client.resource(TestRoles.pods("ec2")).create();
        try {
            var refused = createWith("role/pods", "web", "");

            assertThat(refused.error()).isEqualTo("InvalidParameterException");
            assertThat(refused.message())
                    .isEqualTo(
                            "Misconfigured PodExecutionRole Trust Policy; Please add the"
                                    + " eks-fargate-pods.amazonaws.com Service Principal ("
                                    + TestRoles.UNTRUSTED
                                    + ")");
            assertThat(objects()).isEmpty();

            client.resource(TestRoles.pods("eks-fargate-pods")).update();
            createWith("role/pods", "web", "").profile();
        } finally {
            client.resource(TestRoles.pods("")).delete();
        }
    }

    @Test
    void refusesMoreProfilesThanTheQuota() {
        for (var number = 0; number < 10; number++) {
            rig.create(
                    FargateProfile.class,
                    "FargateProfile",
                    "p" + number,
                    "{selectors: [{namespace: shop}], subnets: [private-a]}");
            activate("p" + number);
        }

        // The webhook sees the objects a little later.
        Awaitility.await()
                .untilAsserted(
                        () -> assertThat(dryRun("one-more")).contains("A cluster has at most 10"));
        var excess = create("one-more", "");

        assertThat(excess.error()).isEqualTo("ResourceLimitExceededException");
        assertThat(excess.message()).startsWith("A cluster has at most 10 Fargate profiles");
    }

    @Test
    void changesTagsAndNothingElse() {
        var arn =
                create("web", ",\"tags\":{\"a\":\"1\",\"b\":\"2\"}")
                        .profile()
                        .path("fargateProfileArn")
                        .asText();
        var tags = "/tags/" + URLEncoder.encode(arn, StandardCharsets.UTF_8);

        assertThat(call("POST", tags, "{\"tags\":{\"b\":\"3\",\"c\":\"4\"}}").status())
                .isEqualTo(200);
        assertThat(call("DELETE", tags + "?tagKeys=a&tagKeys=none", "").status()).isEqualTo(200);
        assertThat(object("web").getSpec().tags()).isEqualTo(Map.of("b", "3", "c", "4"));
        assertThat(call("DELETE", tags + "?tagKeys=b&tagKeys=c", "").status()).isEqualTo(200);
        assertThat(call("GET", tags, "").body()).hasToString("{\"tags\":{}}");

        for (var change :
                List.of(
                        "{\"podExecutionRoleArn\":null}",
                        "{\"podExecutionRoleArn\":\"arn:aws:iam::111122223333:role/other\"}",
                        "{\"selectors\":[{\"namespace\":\"other\"}]}",
                        "{\"subnets\":[\"private-b\"]}",
                        "{\"profileName\":\"web\"}",
                        "{\"unsupportedPods\":\"Pending\"}")) {
            assertThatExceptionOfType(KubernetesClientException.class)
                    .as(change)
                    .isThrownBy(() ->
                            client.resource(object("web"))
                                    .patch(
                                            PatchContext.of(PatchType.JSON_MERGE),
                                            "{\"spec\":" + change + "}"))
                    .withMessageContaining("A Fargate profile is immutable but for its tags");
        }
    }

    @Test
    void refusesTagsOfAProfileThatCameAfterTheOneOfTheArn() {
        var arn = create("web", "").profile().path("fargateProfileArn").asText();
        removeProfiles();
        create("web", "").profile();

        var answer =
                call(
                        "POST",
                        "/tags/" + URLEncoder.encode(arn, StandardCharsets.UTF_8),
                        "{\"tags\":{\"a\":\"b\"}}");

        assertThat(answer.error()).isEqualTo("NotFoundException");
    }

    @Test
    void answersTheSameRequestTheSame() {
        var token = ",\"clientRequestToken\":\"7\"";
        var first = create("web", token);
        activate("web");

        assertThat(create("web", token).profile().path("fargateProfileArn"))
                .isEqualTo(first.profile().path("fargateProfileArn"));
        assertThat(create("web", token + ",\"tags\":{\"a\":\"b\"}").error())
                .isEqualTo("InvalidRequestException");
    }

    @Test
    void isDeletingUntilTheObjectIsGone() {
        create("web", "").profile();
        patchMetadata("web", "{\"finalizers\":[\"example.com/hold\"]}");

        assertThat(call("DELETE", PROFILES + "/web", "").profile().path("status").asText())
                .isEqualTo("DELETING");
        assertThat(call("GET", PROFILES + "/web", "").profile().path("status").asText())
                .isEqualTo("DELETING");
        assertThat(create("other", "").message())
                .isEqualTo(
                        "Cannot create Fargate Profile other because cluster c1 currently has"
                                + " Fargate profile web in status DELETING");

        patchMetadata("web", "{\"finalizers\":null}");
        assertThat(call("GET", PROFILES + "/web", "").message())
                .isEqualTo("No Fargate Profile found with name: web.");
    }

    private Answer create(String name, String more) {
        return createWith("role/r", name, more);
    }

    private Answer createWith(String role, String name, String more) {
        return call(
                "POST",
                PROFILES,
                "{\"fargateProfileName\":\"%s\",\"podExecutionRoleArn\":\"arn:aws:iam::111122223333:%s\",\"selectors\":[{\"namespace\":\"shop\"}]%s}"
                        .formatted(name, role, more));
    }

    private Answer call(String method, String pathAndQuery, String body) {
        var parts = pathAndQuery.split("\\?", 2);
        var response =
                api.answer(
                        new ApiRequest(
                                method,
                                parts[0],
                                parts.length == 1 ? "" : parts[1],
                                List.of(),
                                body.getBytes(StandardCharsets.UTF_8)),
                        new Caller("AKIDEXAMPLE", "111122223333", "arn:aws:iam::1:user/a", "A"));
        try {
            return new Answer(
                    response.status(),
                    response.headers().getOrDefault("x-amzn-ErrorType", ""),
                    MAPPER.readTree(response.body()));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /// What the webhook says of one more object.
    private String dryRun(String name) {
        try {
            var unused =
                    client.resource(
                                    FixedReads.read(
                                            "FargateProfile",
                                            name,
                                            "{selectors: [{namespace: shop}], subnets: [private-a]}",
                                            FargateProfile.class))
                            .dryRun()
                            .create();
            return "";
        } catch (KubernetesClientException refused) {
            return String.valueOf(refused.getMessage());
        }
    }

    private void activate(String name) {
        var profile = object(name);
        profile.setStatus(new FargateProfileStatus(Phase.ACTIVE, null, null, null, null));
        client.resource(profile).updateStatus();
    }

    private void patchMetadata(String name, String metadata) {
        var unused =
                client.resource(object(name))
                        .patch(
                                PatchContext.of(PatchType.JSON_MERGE),
                                "{\"metadata\":" + metadata + "}");
    }

    private FargateProfile object(String name) {
        return objects().stream()
                .filter(profile -> Profiles.name(profile).equals(name))
                .findFirst()
                .orElseThrow();
    }

    private List<FargateProfile> objects() {
        return client.resources(FargateProfile.class).list().getItems();
    }

    private static ClusterDescription cluster() {
        return new ClusterDescription(
                "c1",
                "arn:aws:eks:us-west-2:111122223333:cluster/c1",
                Instant.EPOCH,
                ClusterDescription.Status.ACTIVE,
                "1.36",
                "https://127.0.0.1",
                "",
                "arn:aws:iam::111122223333:role/cluster",
                new ClusterDescription.Vpc(
                        "default", List.of(), List.of(), "sg", true, true, List.of()),
                new ClusterDescription.Network("10.100.0.0/16", "ipv4"),
                "https://kubernetes.default.svc",
                Map.of());
    }
}
