package dev.monopod.controller.admission;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.monopod.controller.serving.GatedServer;
import dev.monopod.controller.serving.ServingCertificate;
import dev.monopod.model.loop.Loops;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers the API server's admission reviews (`admission.k8s.io/v1`) over TLS; one virtual thread
/// for each request. A webhook that fails answers with code 500, never with consent.
public final class AdmissionServer implements AutoCloseable {
    /// Path of each webhook.
    public static final String MUTATE_PODS = "/mutate/pods";

    public static final String VALIDATE_PODS = "/validate/pods";
    public static final String VALIDATE_EPHEMERAL_CONTAINERS = "/validate/ephemeralcontainers";
    public static final String VALIDATE_PROFILES = "/validate/fargateprofiles";
    public static final String VALIDATE_SUBNETS = "/validate/subnets";
    public static final String VALIDATE_LOAD_BALANCERS = "/validate/loadbalancers";
    public static final String VALIDATE_VPCS = "/validate/vpcs";
    public static final String VALIDATE_SECURITY_GROUPS = "/validate/securitygroups";
    public static final String VALIDATE_LOGGING = "/validate/logging";

    private static final Logger LOG = LoggerFactory.getLogger(AdmissionServer.class);
    private static final int LARGEST_REQUEST_BYTES = 8 * 1024 * 1024;
    private static final int BACKLOG = 256;

    /// An API server asks about many pods at once, and several may come from one address.
    private static final int OF_ONE_PEER = 512;

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final GatedServer gated;
    private final HttpsServer server;
    private final InetSocketAddress address;

    /// Listens, but answers only after [#start()].
    ///
    /// @param certificate PEM, leaf first; re-read when it changes
    /// @param key PEM, SEC1 or PKCS 8, unencrypted
    /// @param loops where it is seen that connections are accepted
    /// @throws IOException if it cannot listen, or the pair cannot be read
    public AdmissionServer(
            InetSocketAddress address, Path certificate, Path key, Webhooks webhooks, Loops loops)
            throws IOException {
        this.address = address;
        gated =
                new GatedServer(
                        new GatedServer.Settings(address, BACKLOG, OF_ONE_PEER, "admission"),
                        new HttpsConfigurator(new ServingCertificate(certificate, key).context()),
                        loops);
        server = gated.server();
        Map.of(
                        MUTATE_PODS, webhooks.podMutation(),
                        VALIDATE_PODS, webhooks.podValidation(),
                        VALIDATE_EPHEMERAL_CONTAINERS, webhooks.ephemeralContainerValidation(),
                        VALIDATE_PROFILES, webhooks.profileValidation(),
                        VALIDATE_SUBNETS, webhooks.subnetValidation(),
                        VALIDATE_LOAD_BALANCERS, webhooks.loadBalancerValidation(),
                        VALIDATE_VPCS, webhooks.vpcValidation(),
                        VALIDATE_SECURITY_GROUPS, webhooks.securityGroupValidation(),
                        VALIDATE_LOGGING, webhooks.loggingValidation())
                .forEach((path, webhook) ->
                        server.createContext(path, exchange -> answer(exchange, webhook)));
        server.createContext(
                "/healthz", exchange -> send(exchange, 200, "text/plain", "ok".getBytes(UTF_8)));
    }

    /// The webhooks by path.
    public record Webhooks(
            PodMutation podMutation,
            PodValidation podValidation,
            EphemeralContainerValidation ephemeralContainerValidation,
            ProfileValidation profileValidation,
            SubnetValidation subnetValidation,
            LoadBalancerValidation loadBalancerValidation,
            VpcValidation vpcValidation,
            SecurityGroupValidation securityGroupValidation,
            LoggingValidation loggingValidation) {
        /// All webhooks, over the same reads.
        public static Webhooks of(ClusterReads reads, AdmissionSettings settings) {
            return new Webhooks(
                    new PodMutation(reads, settings),
                    new PodValidation(reads, settings),
                    new EphemeralContainerValidation(),
                    new ProfileValidation(reads, settings.quota(), settings.roles()),
                    new SubnetValidation(reads),
                    new LoadBalancerValidation(),
                    new VpcValidation(reads),
                    new SecurityGroupValidation(reads),
                    new LoggingValidation());
        }
    }

    /// Answers there, too, what the API server asks of another kind.
    public void serve(String path, HttpHandler handler) {
        server.createContext(path, handler);
    }

    /// Begins to answer.
    public void start() {
        gated.start();
        LOG.info("admission listens at {}", address);
    }

    /// The port in use, also if it was chosen by the kernel.
    public int port() {
        return gated.port();
    }

    /// Waits at most one second for answers under way.
    @Override
    public void close() {
        gated.close();
    }

    private static void answer(HttpExchange exchange, Webhook webhook) throws IOException {
        if (!exchange.getRequestMethod().equals("POST")) {
            send(exchange, 405, "text/plain", "POST only".getBytes(UTF_8));
            return;
        }
        byte[] body;
        try (var input = exchange.getRequestBody()) {
            body = input.readNBytes(LARGEST_REQUEST_BYTES + 1);
        }
        if (body.length > LARGEST_REQUEST_BYTES) {
            send(exchange, 413, "text/plain", "review too large".getBytes(UTF_8));
            return;
        }
        JsonNode request;
        try {
            request = MAPPER.readTree(body).path("request");
        } catch (IOException malformed) {
            send(exchange, 400, "text/plain", "no JSON".getBytes(UTF_8));
            return;
        }
        var uid = request.path("uid").asText("");
        if (uid.isEmpty() || !request.path("object").isObject()) {
            send(exchange, 400, "text/plain", "no request with an object".getBytes(UTF_8));
            return;
        }
        var review = new Review(uid, request.path("namespace").asText(""), request.get("object"));
        send(exchange, 200, "application/json", MAPPER.writeValueAsBytes(judge(review, webhook)));
    }

    private static ObjectNode judge(Review review, Webhook webhook) {
        Verdict verdict;
        try {
            verdict = webhook.judge(review);
        } catch (IllegalArgumentException malformed) {
            verdict = new Verdict.Denied(422, "Invalid", String.valueOf(malformed.getMessage()));
        } catch (RuntimeException failure) {
            LOG.error("{} failed", webhook.getClass().getSimpleName(), failure);
            verdict =
                    new Verdict.Denied(
                            500, "InternalError", "Monopod's admission failed: " + failure);
        }
        return response(review, verdict);
    }

    private static ObjectNode response(Review review, Verdict verdict) {
        var answer =
                MAPPER.createObjectNode()
                        .put("apiVersion", "admission.k8s.io/v1")
                        .put("kind", "AdmissionReview");
        var response = answer.putObject("response").put("uid", review.uid());
        switch (verdict) {
            case Verdict.Allowed(List<String> warnings) -> {
                response.put("allowed", true);
                warnings.forEach(response.withArray("warnings")::add);
            }
            case Verdict.Changed(JsonNode patch, List<String> warnings) -> {
                response.put("allowed", true).put("patchType", "JSONPatch");
                response.put("patch", encoded(patch));
                warnings.forEach(response.withArray("warnings")::add);
            }
            case Verdict.Denied(int code, String reason, String message) ->
                    response.put("allowed", false)
                            .putObject("status")
                            .put("code", code)
                            .put("reason", reason)
                            .put("message", message);
        }
        return answer;
    }

    private static byte[] encoded(JsonNode patch) {
        try {
            return MAPPER.writeValueAsBytes(patch);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private static void send(HttpExchange exchange, int status, String type, byte[] body)
            throws IOException {
        try (exchange) {
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
            try (var output = exchange.getResponseBody()) {
                output.write(body);
            }
        }
    }
}
