package dev.monopod.eks.gate;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.eks.identity.Sessions;
import dev.monopod.eks.podidentity.AssumeRoleForPodIdentity;
import dev.monopod.eks.podidentity.MemoryAssociations;
import dev.monopod.eks.podidentity.PodToken;
import dev.monopod.eks.sts.ServiceSessions;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiRequest.Header;
import dev.monopod.eks.wire.ApiResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AgentGateTest {
    private static final String PATH = "/clusters/c1/assume-role-for-pod-identity";

    private final List<ApiRequest> ofSts = new ArrayList<>();
    private final AgentGate gate =
            new AgentGate(
                    new AssumeRoleForPodIdentity(
                            new AssumeRoleForPodIdentity.Cluster("c1", "arn:cluster/c1", "1"),
                            _ -> Optional.of(new PodToken("shop", "reader", "p", "u")),
                            _ -> Optional.of("host-a"),
                            new MemoryAssociations(),
                            new ServiceSessions(
                                    _ -> Optional.empty(),
                                    new Sessions(() -> new byte[32], new Random(1)))),
                    (request, _) -> {
                        ofSts.add(request);
                        return new ApiResponse(200, Map.of(), new byte[0]);
                    },
                    () -> Instant.EPOCH);

    private ApiResponse ask(String client, String method, String path, Header... headers) {
        return gate.answer(
                new ApiRequest(
                        method, path, "", List.of(headers), "{\"token\":\"t\"}".getBytes(UTF_8)),
                "id",
                client);
    }

    private static String type(ApiResponse response) {
        return response.headers().getOrDefault("x-amzn-ErrorType", "");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "monopod:admin",
                "monopod:controller",
                "host-a",
                "xmonopod:agent:host-a"
            })
    void refusesWhoIsNoAgent(String client) {
        for (var path : List.of(PATH, "/")) {
            var answer = ask(client, "POST", path);

            assertThat(answer.status()).isEqualTo(403);
            assertThat(type(answer)).isEqualTo("AccessDeniedException");
        }
        assertThat(ofSts).isEmpty();
    }

    /// That the pod has no association is known only once its host has been let through.
    @Test
    void theHostIsThatOfTheCertificate() {
        assertThat(type(ask("monopod:agent:host-a", "POST", PATH)))
                .isEqualTo("ResourceNotFoundException");
        assertThat(type(ask("monopod:agent:host-b", "POST", PATH)))
                .isEqualTo("AccessDeniedException");
        assertThat(type(ask("monopod:agent:", "POST", PATH))).isEqualTo("AccessDeniedException");
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /clusters/c1/assume-role-for-pod-identity",
        "GET, /",
        "POST, /clusters",
        "POST, /clusters/c1/fargate-profiles",
        "POST, /clusters//assume-role-for-pod-identity",
        "POST, /clusters/c1/x/assume-role-for-pod-identity",
        "POST, //",
    })
    void letsAgentsReachNothingElse(String method, String path) {
        var answer = ask("monopod:agent:host-a", method, path);

        assertThat(answer.status()).isEqualTo(404);
        assertThat(type(answer)).isEqualTo("UnknownOperationException");
        assertThat(ofSts).isEmpty();
    }

    @Test
    void handsStsTheHostThatThePodSignedFor() {
        ask(
                "monopod:agent:host-a",
                "POST",
                "/",
                new Header("host", "127.0.0.1:9445"),
                new Header("X-Monopod-Host", "169.254.170.23"),
                new Header("Authorization", "a"));

        assertThat(ofSts.getFirst().headers())
                .containsExactly(
                        new Header("Host", "169.254.170.23"), new Header("Authorization", "a"));
    }
}
