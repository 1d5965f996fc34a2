package dev.monopod.eks.podidentity;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.eks.identity.IdentityUnavailableException;
import dev.monopod.eks.identity.Sessions;
import dev.monopod.eks.sts.MalformedPolicyException;
import dev.monopod.eks.sts.ServiceSessions;
import dev.monopod.eks.sts.TrustPolicy;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AssumeRoleForPodIdentityTest {
    private static final Instant NOW = Instant.parse("2026-11-29T09:00:00Z");
    private static final String ROLE = "arn:aws:iam::111122223333:role/app/reader";
    private static final String UID = "11111111-aaaa-bbbb-cccc-000000000001";
    private static final String PATH = "/clusters/c1/assume-role-for-pod-identity";
    private static final PodToken POD = new PodToken("shop", "reader", "web-0", UID);

    private final Map<String, PodToken> good = new HashMap<>(Map.of("good", POD));
    private final Map<String, String> hosts = new HashMap<>(Map.of(UID, "host-a"));
    private final Map<String, String> policies = new HashMap<>();
    private final MemoryAssociations associations = new MemoryAssociations();
    private final Sessions sessions = new Sessions(() -> new byte[32], new Random(1));
    private final AssumeRoleForPodIdentity operation =
            new AssumeRoleForPodIdentity(
                    new AssumeRoleForPodIdentity.Cluster(
                            "c1", "arn:aws:eks:us-west-2:111122223333:cluster/c1", "111122223333"),
                    token -> Optional.ofNullable(good.get(token)),
                    pod -> Optional.ofNullable(hosts.get(pod.uid())),
                    associations,
                    new ServiceSessions(
                            arn -> Optional.ofNullable(policies.get(arn)).map(this::policy),
                            sessions));

    @BeforeEach
    void associate() {
        associate(false);
        trust("\"sts:AssumeRole\", \"sts:TagSession\"", "");
    }

    private void associate(boolean plain) {
        associations
                .find("shop", "reader")
                .ifPresent(one -> associations.delete(one.association()));
        associations.create(
                new Association("a-1", "shop", "reader", ROLE, plain, Map.of(), "", NOW, NOW));
    }

    private void trust(String actions, String condition) {
        policies.put(
                ROLE,
                """
                {"Statement": {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": [%s]%s}}
                """
                        .formatted(actions, condition));
    }

    private TrustPolicy policy(String json) {
        try {
            return TrustPolicy.parse(json);
        } catch (MalformedPolicyException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private ApiResponse ask(String host, String path, String body) {
        return operation.answer(
                new ApiRequest("POST", path, "", List.of(), body.getBytes(UTF_8)), host, NOW);
    }

    private ApiResponse ask(String host, String token) {
        return ask(host, PATH, "{\"token\":\"%s\"}".formatted(token));
    }

    private static JsonNode json(ApiResponse response) {
        try {
            return new ObjectMapper().readTree(response.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void isRefused(ApiResponse response, int status, String type) {
        assertThat(response.headers()).containsEntry("x-amzn-ErrorType", type);
        assertThat(response.status()).isEqualTo(status);
        assertThat(new String(response.body(), UTF_8)).doesNotContain("ASIA");
    }

    @Test
    void beginsASessionOfTheRoleThatOurStsKnows() {
        var answer = ask("host-a", "good");

        assertThat(answer.status()).isEqualTo(200);
        var json = json(answer);
        assertThat(json.at("/subject/namespace").asText()).isEqualTo("shop");
        assertThat(json.at("/subject/serviceAccount").asText()).isEqualTo("reader");
        assertThat(json.at("/podIdentityAssociation/associationArn").asText())
                .isEqualTo("arn:aws:eks:us-west-2:111122223333:podidentityassociation/c1/a-1");
        assertThat(json.at("/assumedRoleUser/arn").asText())
                .isEqualTo("arn:aws:sts::111122223333:assumed-role/reader/eks-c1-web-0-" + UID);
        var credentials = json.path("credentials");
        assertThat(credentials.path("expiration").asLong())
                .isEqualTo(NOW.plusSeconds(3600).getEpochSecond());
        var key =
                sessions.find(
                        credentials.path("accessKeyId").asText(),
                        Optional.of(credentials.path("sessionToken").asText()));
        assertThat(key).isPresent();
        assertThat(key.get().caller().arn()).isEqualTo(json.at("/assumedRoleUser/arn").asText());
    }

    @Test
    void refusesAHostThatDoesNotRunThePod() {
        isRefused(ask("host-b", "good"), 400, "AccessDeniedException");
        hosts.clear();
        isRefused(ask("host-a", "good"), 400, "AccessDeniedException");
    }

    @Test
    void refusesATokenThatTheApiServerDoes() {
        isRefused(ask("host-a", "bad"), 400, "InvalidTokenException");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "[]", "null", "{\"token\":\"\"}", "{\"token\":"})
    void refusesABodyWithoutAToken(String body) {
        isRefused(ask("host-a", PATH, body), 400, "InvalidParameterException");
    }

    @Test
    void knowsNoOtherCluster() {
        isRefused(
                ask("host-a", PATH.replace("c1", "c2"), "{\"token\":\"good\"}"),
                404,
                "ResourceNotFoundException");
    }

    @Test
    void givesNothingToAPodWhoseAccountHasNoAssociation() {
        good.put("other", new PodToken("shop", "writer", "web-0", UID));
        good.put("elsewhere", new PodToken("mall", "reader", "web-0", UID));

        isRefused(ask("host-a", "other"), 404, "ResourceNotFoundException");
        isRefused(ask("host-a", "elsewhere"), 404, "ResourceNotFoundException");
    }

    @Test
    void refusesARoleThatDoesNotTrustTheService() {
        policies.put(
                ROLE,
                "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": {\"Service\": \"ec2.amazonaws.com\"}, \"Action\": \"sts:*\"}}");
        isRefused(ask("host-a", "good"), 400, "AccessDeniedException");
        policies.clear();
        isRefused(ask("host-a", "good"), 400, "AccessDeniedException");
    }

    @Test
    void asksForTheRightToTagUnlessTheAssociationHasNoTags() {
        trust("\"sts:AssumeRole\"", "");
        isRefused(ask("host-a", "good"), 400, "AccessDeniedException");

        associate(true);
        assertThat(ask("host-a", "good").status()).isEqualTo(200);
    }

    @Test
    void letsARoleTrustPodsOfOneNamespaceAlone() {
        trust(
                "\"sts:*\"",
                ", \"Condition\": {\"StringEquals\": {\"aws:RequestTag/kubernetes-namespace\": \"shop\", \"aws:SourceAccount\": \"111122223333\"}}");
        assertThat(ask("host-a", "good").status()).isEqualTo(200);

        trust(
                "\"sts:*\"",
                ", \"Condition\": {\"StringEquals\": {\"aws:RequestTag/kubernetes-namespace\": \"mall\"}}");
        isRefused(ask("host-a", "good"), 400, "AccessDeniedException");
    }

    @Test
    void namesAPodWithALongNameWithinTheLimit() {
        var name = "a".repeat(200) + ".b";
        good.put("long", new PodToken("shop", "reader", name, UID));

        var arn = json(ask("host-a", "long")).at("/assumedRoleUser/arn").asText();

        assertThat(arn).endsWith("-" + UID);
        assertThat(arn.substring(arn.lastIndexOf('/') + 1)).hasSizeLessThanOrEqualTo(64);
    }

    @Test
    void saysTryAgainWhileTheApiServerIsAway() {
        var away =
                new AssumeRoleForPodIdentity(
                        new AssumeRoleForPodIdentity.Cluster("c1", "arn:cluster/c1", "1"),
                        _ -> {
                            throw new IdentityUnavailableException(
                                    "away", new IOException("refused"));
                        },
                        _ -> Optional.empty(),
                        associations,
                        new ServiceSessions(_ -> Optional.empty(), sessions));

        isRefused(
                away.answer(
                        new ApiRequest(
                                "POST", PATH, "", List.of(), "{\"token\":\"t\"}".getBytes(UTF_8)),
                        "host-a",
                        NOW),
                503,
                "ServiceUnavailableException");
    }
}
