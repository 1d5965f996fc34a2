package dev.monopod.agent.podidentity;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.names.Names;
import java.io.IOException;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a pod's SDK is answered, as EKS' own agent does: credentials for the token of this pod and
/// no other, at one path; at `/` it reaches STS. Thread-safe.
///
/// Source: aws/eks-pod-identity-agent, pkg/handlers.
final class PodCredentials {
    private static final Logger LOG = LoggerFactory.getLogger(PodCredentials.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CREDENTIALS = "/v1/credentials";

    /// Which host a pod signed for; the controller's certificate is for another.
    private static final String ASKED_HOST = "X-Monopod-Host";

    /// Of a call of STS, what says whom it is for and who signed it.
    private static final List<String> OF_STS =
            List.of(
                    "Content-Type",
                    "Accept",
                    "Authorization",
                    "X-Amz-Date",
                    "X-Amz-Security-Token",
                    "X-Amz-Content-Sha256");

    private final EksAuth auth;
    private final String cluster;

    /// @param cluster its name
    PodCredentials(EksAuth auth, String cluster) {
        this.auth = auth;
        this.cluster = cluster;
    }

    /// @param machine that of the pod that asks
    PodResponse answer(String machine, PodRequest request) {
        var host = request.header("Host").orElse("");
        if (!host.replaceFirst(":[0-9]*$", "").equals(Defaults.POD_IDENTITY_ADDRESS)) {
            return PodResponse.text(
                    403,
                    "Access Denied. Called agent through invalid address, please use %s"
                            .formatted(Defaults.POD_IDENTITY_ADDRESS));
        }
        try {
            if (request.method().equals("GET") && request.target().equals(CREDENTIALS)) {
                return credentials(machine, request.header("Authorization").orElse(""));
            }
            return request.method().equals("POST") && request.target().equals("/")
                    ? sts(request, host)
                    : PodResponse.text(404, "404 page not found");
        } catch (IOException failure) {
            LOG.warn("failed to ask the controller for {}: {}", machine, failure.toString());
            return PodResponse.text(503, "the cluster's controller does not answer; try again");
        }
    }

    private PodResponse credentials(String machine, String token) throws IOException {
        if (token.isEmpty()) {
            return PodResponse.text(400, "Service account token cannot be empty");
        }
        var named = podOf(token);
        if (named.isEmpty()) {
            return PodResponse.text(400, "Service account token cannot be parsed");
        }
        if (!Names.machine(named.get()).equals(machine)) {
            LOG.warn("the pod of {} asked with the token of pod {}", machine, named.get());
            return PodResponse.text(403, "Access Denied. The token is of another pod");
        }
        var answer =
                auth.post(
                        "/clusters/%s/assume-role-for-pod-identity".formatted(cluster),
                        Map.of("Content-Type", "application/json"),
                        JsonNodeFactory.instance
                                .objectNode()
                                .put("token", token)
                                .toString()
                                .getBytes(UTF_8));
        if (answer.status() != 200) {
            return PodResponse.text(answer.status(), message(answer));
        }
        return new PodResponse(
                200, "application/json", forSdk(JSON.readTree(answer.body())).getBytes(UTF_8));
    }

    /// The UID in the token's claims. Nothing is verified here: the controller does, and a token
    /// that it finds good says of its pod what the API server has written.
    private static Optional<String> podOf(String token) {
        var parts = token.split("\\.", -1);
        if (parts.length != 3) {
            return Optional.empty();
        }
        try {
            var claims = JSON.readTree(Base64.getUrlDecoder().decode(parts[1]));
            return Optional.ofNullable(claims)
                    .map(json -> json.path("kubernetes.io").path("pod").path("uid").asText(""))
                    .filter(uid -> !uid.isEmpty());
        } catch (IOException | IllegalArgumentException unreadable) {
            return Optional.empty();
        }
    }

    private static String forSdk(JsonNode answer) {
        var credentials = answer.path("credentials");
        var arn = answer.path("assumedRoleUser").path("arn").asText("").split(":", -1);
        return JsonNodeFactory.instance
                .objectNode()
                .put("AccessKeyId", credentials.path("accessKeyId").asText())
                .put("SecretAccessKey", credentials.path("secretAccessKey").asText())
                .put("Token", credentials.path("sessionToken").asText())
                .put("AccountId", arn.length > 4 ? arn[4] : "")
                .put(
                        "Expiration",
                        Instant.ofEpochSecond(credentials.path("expiration").asLong()).toString())
                .toString();
    }

    private static String message(EksAuth.Answer answer) {
        try {
            return Optional.ofNullable(JSON.readTree(answer.body()))
                    .map(json -> json.path("message").asText(""))
                    .orElse("");
        } catch (IOException noJson) {
            return "the controller answered with status " + answer.status();
        }
    }

    private PodResponse sts(PodRequest request, String host) throws IOException {
        Map<String, String> headers = new HashMap<>();
        headers.put(ASKED_HOST, host);
        OF_STS.forEach(name -> request.header(name).ifPresent(value -> headers.put(name, value)));
        var answer = auth.post("/", headers, request.body());
        return new PodResponse(answer.status(), answer.mediaType(), answer.body());
    }
}
