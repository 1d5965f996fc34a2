package dev.monopod.agent.podidentity;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.slf4j.event.Level.WARN;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.monopod.host.guest.Budget;
import dev.monopod.host.guest.GuestLog;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.names.Names;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a pod's SDK is answered, as EKS' own agent does: credentials for the token of this pod and
/// no other, at one path; at `/` it reaches STS. A pod that asks without end is held to a pace of
/// its own. Thread-safe.
///
/// Source: aws/eks-pod-identity-agent, pkg/handlers.
final class PodCredentials {
    private static final Logger LOG = LoggerFactory.getLogger(PodCredentials.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CREDENTIALS = "/v1/credentials";

    /// How many requests of a pod the controller is asked for at once, and then one in each
    /// interval: SDKs keep what they are given until it ends.
    static final int REQUESTS_AT_ONCE = 50;

    private static final Duration REQUEST_INTERVAL = Duration.ofMillis(100);

    private final EksAuth auth;
    private final String cluster;
    private final InstantSource clock;
    private final Map<String, Asker> askers = new ConcurrentHashMap<>();

    /// A pod's share of the controller's time, and of the log.
    private record Asker(Budget requests, GuestLog log) {}

    /// @param cluster its name
    PodCredentials(EksAuth auth, String cluster, InstantSource clock) {
        this.auth = auth;
        this.cluster = cluster;
        this.clock = clock;
    }

    /// Forgets all pods but those of these machines.
    void retain(Set<String> machines) {
        askers.keySet().retainAll(machines);
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
        var forCredentials = request.method().equals("GET") && request.target().equals(CREDENTIALS);
        if (!forCredentials && !(request.method().equals("POST") && request.target().equals("/"))) {
            return PodResponse.text(404, "404 page not found");
        }
        var asker = askers.computeIfAbsent(machine, _ -> asker());
        if (!asker.requests().take()) {
            return PodResponse.text(
                    429,
                    "this pod asks too often: %d requests at once are answered, then one each %d ms"
                            .formatted(REQUESTS_AT_ONCE, REQUEST_INTERVAL.toMillis()));
        }
        try {
            return forCredentials
                    ? credentials(machine, request.header("Authorization").orElse(""), asker.log())
                    : sts(request, host);
        } catch (IOException failure) {
            asker.log().log(WARN, "failed to ask the controller for {}: {}", machine, failure);
            return PodResponse.text(503, "the cluster's controller does not answer; try again");
        }
    }

    private Asker asker() {
        return new Asker(
                new Budget(REQUESTS_AT_ONCE, REQUEST_INTERVAL, clock), new GuestLog(LOG, clock));
    }

    private PodResponse credentials(String machine, String token, GuestLog log) throws IOException {
        if (token.isEmpty()) {
            return PodResponse.text(400, "Service account token cannot be empty");
        }
        var named = podOf(token);
        if (named.isEmpty()) {
            return PodResponse.text(400, "Service account token cannot be parsed");
        }
        if (!Names.machine(named.get()).equals(machine)) {
            log.log(WARN, "the pod of {} asked with the token of pod {}", machine, named.get());
            return PodResponse.text(403, "Access Denied. The token is of another pod");
        }
        var answer =
                auth.post(
                        "/clusters/%s/assume-role-for-pod-identity".formatted(cluster),
                        Map.of("content-type", "application/json"),
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
        var headers = new HashMap<>(StsHeaders.of(request));
        headers.put(Names.ASKED_HOST_HEADER, host);
        var answer = auth.post("/", headers, request.body());
        return new PodResponse(answer.status(), answer.mediaType(), answer.body());
    }
}
