package dev.monopod.eks.gate;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.eks.access.Mapping;
import dev.monopod.eks.authorization.Action.Attributes;
import dev.monopod.eks.authorization.Rights.Subject;
import dev.monopod.eks.identity.AccessKey;
import dev.monopod.eks.identity.Caller;
import dev.monopod.eks.query.Signer;
import dev.monopod.eks.signature.SignatureVerifier;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiResponse;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// From the side of who has a key, and of who has none.
final class EksGateTest {
    private static final Instant NOW = Instant.parse("2026-11-29T10:00:00Z");
    private static final String PROFILES = "/clusters/c/fargate-profiles";
    private static final Caller USER =
            new Caller("AKIAUSER", "000000000000", "arn:aws:iam::000000000000:user/jane", "AIDA");
    private static final Caller SESSION =
            new Caller(
                    "ASIAPOD",
                    "000000000000",
                    "arn:aws:sts::000000000000:assumed-role/pods/web",
                    "AROA:web");

    private final List<String> through = new ArrayList<>();
    private final Set<String> known = new HashSet<>(Set.of(USER.arn(), SESSION.arn()));
    private final Set<Attributes> granted = new HashSet<>();
    private boolean apiServerIsDown;

    private final EksGate gate =
            new EksGate(
                    new SignatureVerifier(EksGateTest::key, "us-west-2"),
                    caller ->
                            known.contains(caller.arn())
                                    ? new Mapping.Mapped(caller.arn(), "uid", List.of(), Map.of())
                                    : new Mapping.Unmapped("nobody"),
                    this::has,
                    (request, caller) -> {
                        through.add(request.method() + " " + request.path());
                        return new ApiResponse(200, Map.of(), new byte[0]);
                    },
                    InstantSource.fixed(NOW));

    @Test
    void letsThroughWhoHasTheRightThatKubectlWouldNeed() {
        granted.add(new Attributes("create", "monopod.dev", "fargateprofiles"));

        assertThat(answer("POST", PROFILES, USER).status()).isEqualTo(200);
        assertThat(through).containsExactly("POST " + PROFILES);
        assertThat(answer("DELETE", PROFILES + "/p", USER).status()).isEqualTo(403);
        assertThat(through).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "POST, /clusters/c/access-entries, CreateAccessEntry",
        "POST, /clusters/c/access-entries/a/access-policies, AssociateAccessPolicy",
        "POST, /clusters/c/fargate-profiles, CreateFargateProfile",
        "POST, /tags/arn, TagResource",
    })
    void refusesWhoHasAKeyAlone(String method, String path, String action) {
        var answer = answer(method, path, USER);

        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.headers()).containsEntry("x-amzn-ErrorType", "AccessDeniedException");
        assertThat(new String(answer.body(), UTF_8))
                .contains(USER.arn() + " is not authorized to perform: eks:" + action);
        assertThat(through).isEmpty();
    }

    /// A pod's role reads nothing by having a session.
    @Test
    void letsUsersDescribeClustersAndSessionsOnlyByRight() {
        known.clear();

        assertThat(answer("GET", "/clusters/c", USER).status()).isEqualTo(200);
        assertThat(answer("GET", "/clusters/c", SESSION).status()).isEqualTo(403);
        known.add(SESSION.arn());
        assertThat(answer("GET", "/clusters/c", SESSION).status()).isEqualTo(403);
        granted.add(new Attributes("get", "eks.amazonaws.com", "clusters"));
        assertThat(answer("GET", "/clusters/c", SESSION).status()).isEqualTo(200);
    }

    @Test
    void answersWhatHasNoRightAsUnknownAndNeverPassesItOn() {
        for (String path : List.of("/", "/clusters/c/node-groups", PROFILES + "/", "//clusters")) {
            var answer = answer("POST", path, USER);

            assertThat(answer.headers().get("x-amzn-ErrorType"))
                    .as(path)
                    .isEqualTo("UnknownOperationException");
        }
        assertThat(through).isEmpty();
    }

    @Test
    void refusesWhatIsNotSignedOrNotByThisKey() {
        var signed = signed("GET", "/clusters", USER);
        var unsigned = new ApiRequest("GET", "/clusters", "", List.of(), new byte[0]);
        var moved = new ApiRequest("GET", "/clusters/c", "", signed.headers(), new byte[0]);

        assertThat(gate.answer(unsigned).headers())
                .containsEntry("x-amzn-ErrorType", "MissingAuthenticationTokenException");
        assertThat(gate.answer(moved).headers())
                .containsEntry("x-amzn-ErrorType", "InvalidSignatureException");
        assertThat(through).isEmpty();
    }

    /// Who cannot be asked does not consent.
    @Test
    void refusesWhileNobodyKnowsTheRights() {
        apiServerIsDown = true;

        var answer = answer("POST", PROFILES, USER);

        assertThat(answer.status()).isEqualTo(503);
        assertThat(through).isEmpty();
    }

    private boolean has(Subject subject, Attributes attributes) {
        if (apiServerIsDown) {
            throw new KubernetesClientException("down");
        }
        return granted.contains(attributes);
    }

    private static Optional<AccessKey> key(String id, Optional<String> token) {
        return List.of(USER, SESSION).stream()
                .filter(caller -> caller.accessKeyId().equals(id))
                .map(EksGateTest::keyOf)
                .findFirst();
    }

    private ApiResponse answer(String method, String path, Caller caller) {
        return gate.answer(signed(method, path, caller));
    }

    private static AccessKey keyOf(Caller caller) {
        return new AccessKey(caller.accessKeyId(), "s".repeat(40), caller);
    }

    private static ApiRequest signed(String method, String path, Caller caller) {
        return new Signer("eks", keyOf(caller), Optional.empty(), NOW).send(method, path, "");
    }
}
