package dev.monopod.eks.operations;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.eks.identity.Caller;
import dev.monopod.eks.podidentity.MemoryAssociations;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;

/// The API over profiles in memory, of a cluster named `c1`.
final class ApiRig {
    static final String PROFILES = "/clusters/c1/fargate-profiles";
    static final String ROLE = "arn:aws:iam::111122223333:role/r";

    private static final ObjectMapper MAPPER = new ObjectMapper();

    static final String ASSOCIATIONS = "/clusters/c1/pod-identity-associations";

    final FakeProfileStore store = new FakeProfileStore();
    final MemoryAssociations associations = new MemoryAssociations();
    private final InstantSource clock = () -> Instant.parse("2026-11-29T09:00:00.250Z");
    private ClusterDescription cluster = cluster(ClusterDescription.Status.ACTIVE, "default");
    private final EksApi api = new EksApi(() -> cluster, store, associations, clock);

    record Answer(ApiResponse response) {
        int status() {
            return response.status();
        }

        JsonNode json() {
            try {
                return MAPPER.readTree(response.body());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        String text() {
            return new String(response.body(), StandardCharsets.UTF_8);
        }

        String errorType() {
            return response.headers().getOrDefault("x-amzn-ErrorType", "");
        }

        String message() {
            return json().path("message").asText();
        }

        JsonNode profile() {
            assertThat(status()).as(text()).isEqualTo(200);
            return json().path("fargateProfile");
        }

        void isRefused(int status, String type, String message) {
            assertThat(message()).isEqualTo(message);
            assertThat(errorType()).isEqualTo(type);
            assertThat(status()).isEqualTo(status);
        }
    }

    static ClusterDescription cluster(ClusterDescription.Status status, String vpc) {
        return new ClusterDescription(
                "c1",
                "arn:aws:eks:us-west-2:111122223333:cluster/c1",
                Instant.parse("2026-11-29T08:00:00.125Z"),
                status,
                "1.36",
                "https://192.168.0.4:6443",
                "-----BEGIN CERTIFICATE-----\n",
                "arn:aws:iam::111122223333:role/monopod-cluster",
                new ClusterDescription.Vpc(
                        vpc,
                        List.of("private-a", "private-b"),
                        List.of(),
                        "sg-cluster-default",
                        true,
                        true,
                        List.of("0.0.0.0/0")),
                new ClusterDescription.Network("10.100.0.0/16", "ipv4"),
                "https://kubernetes.default.svc",
                Map.of("team", "a"));
    }

    void become(ClusterDescription described) {
        cluster = described;
    }

    Answer get(String path) {
        return call("GET", path, "");
    }

    Answer post(String path, String body) {
        return call("POST", path, body);
    }

    Answer delete(String path) {
        return call("DELETE", path, "");
    }

    /// Asks for a profile of namespace `shop`.
    Answer create(String name) {
        return post(PROFILES, body(name, ""));
    }

    /// @param more members, after a comma
    static String body(String name, String more) {
        return "{\"fargateProfileName\":\"%s\",\"podExecutionRoleArn\":\"%s\",\"selectors\":[{\"namespace\":\"shop\"}]%s}"
                .formatted(name, ROLE, more);
    }

    Answer call(String method, String pathAndQuery, String body) {
        var question = pathAndQuery.indexOf('?');
        var request =
                new ApiRequest(
                        method,
                        question < 0 ? pathAndQuery : pathAndQuery.substring(0, question),
                        question < 0 ? "" : pathAndQuery.substring(question + 1),
                        List.of(),
                        body.getBytes(StandardCharsets.UTF_8));
        return new Answer(
                api.answer(
                        request,
                        new Caller(
                                "AKIDEXAMPLE",
                                "111122223333",
                                "arn:aws:iam::111122223333:user/ada",
                                "AIDAEXAMPLE")));
    }
}
