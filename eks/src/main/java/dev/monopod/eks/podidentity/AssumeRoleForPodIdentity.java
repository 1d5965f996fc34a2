package dev.monopod.eks.podidentity;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.monopod.eks.identity.IdentityUnavailableException;
import dev.monopod.eks.sts.ServiceSessions;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiResponse;
import dev.monopod.eks.wire.JsonError;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The operation `AssumeRoleForPodIdentity` of EKS Auth, for agents: a pod's token becomes
/// credentials of the role that its service account is associated with. An agent gets them for pods
/// of its own host alone, whatever token it has. Blocks on the API server; any thread may call.
///
/// Source: botocore 1.44.8, data/eks-auth.
public final class AssumeRoleForPodIdentity {
    static final String SERVICE = PodTokens.AUDIENCE;

    /// Sessions cannot be ended one by one, so they are short; SDKs ask again in time.
    static final Duration SESSION = Duration.ofHours(1);

    private static final Logger LOG = LoggerFactory.getLogger(AssumeRoleForPodIdentity.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LONGEST_SESSION_NAME = 64;
    private static final int LONGEST_POD_IN_NAME = 26;

    private final Cluster cluster;
    private final PodTokens tokens;
    private final PodHosts hosts;
    private final Associations associations;
    private final ServiceSessions sessions;

    /// What the cluster is called in AWS.
    ///
    /// @param arn `arn:aws:eks:REGION:ACCOUNT:cluster/NAME`
    public record Cluster(String name, String arn, String account) {
        /// Of an association of this cluster.
        public String associationArn(String id) {
            return arn.replace(":cluster/" + name, ":podidentityassociation/" + name + "/" + id);
        }
    }

    public AssumeRoleForPodIdentity(
            Cluster cluster,
            PodTokens tokens,
            PodHosts hosts,
            Associations associations,
            ServiceSessions sessions) {
        this.cluster = cluster;
        this.tokens = tokens;
        this.hosts = hosts;
        this.associations = associations;
        this.sessions = sessions;
    }

    /// Whether the request is one of this operation, for whatever cluster.
    public static boolean isAsked(ApiRequest request) {
        return request.method().equals("POST")
                && request.path().matches("/clusters/[^/]+/assume-role-for-pod-identity");
    }

    /// @param host whose agent asks, as its certificate says
    public ApiResponse answer(ApiRequest request, String host, Instant now) {
        try {
            return assume(request, host, now);
        } catch (IdentityUnavailableException | KubernetesClientException failure) {
            LOG.warn("cannot answer host {}: {}", host, failure.toString());
            return JsonError.of(
                    503,
                    "ServiceUnavailableException",
                    "The cluster's API server does not answer. Try again.");
        }
    }

    private ApiResponse assume(ApiRequest request, String host, Instant now) {
        var name = request.path().split("/", -1)[2];
        if (!name.equals(cluster.name())) {
            return JsonError.of(
                    404,
                    "ResourceNotFoundException",
                    "No cluster found for name: %s.".formatted(name));
        }
        var token = token(request.body());
        if (token.isEmpty()) {
            return JsonError.of(400, "InvalidParameterException", "The token is missing.");
        }
        var verified = tokens.verify(token.get());
        if (verified.isEmpty()) {
            return JsonError.of(
                    400,
                    "InvalidTokenException",
                    "The token included in the request is not of a pod of this cluster, is not for"
                            + " %s, or has expired.".formatted(PodTokens.AUDIENCE));
        }
        var pod = verified.get();
        if (!hosts.hostOf(pod).equals(Optional.of(host))) {
            LOG.warn(
                    "host {} asked for pod {}/{}, which it does not run",
                    host,
                    pod.namespace(),
                    pod.pod());
            return JsonError.of(
                    400,
                    "AccessDeniedException",
                    "The pod does not run on the host that asks for it.");
        }
        var association = associations.find(pod.namespace(), pod.serviceAccount());
        if (association.isEmpty()) {
            return JsonError.of(
                    404,
                    "ResourceNotFoundException",
                    "No association found for service account %s of namespace %s."
                            .formatted(pod.serviceAccount(), pod.namespace()));
        }
        return begin(association.get().association(), pod, now);
    }

    private ApiResponse begin(Association association, PodToken pod, Instant now) {
        var begun =
                sessions.begin(
                        association.roleArn(),
                        SERVICE,
                        association.plain()
                                ? List.of("sts:AssumeRole")
                                : List.of("sts:AssumeRole", "sts:TagSession"),
                        sessionName(pod),
                        context(association, pod),
                        now.plus(SESSION));
        if (begun.isEmpty()) {
            return JsonError.of(
                    400,
                    "AccessDeniedException",
                    "The role %s does not exist, or does not trust %s."
                            .formatted(association.roleArn(), SERVICE));
        }
        LOG.info(
                "pod {}/{} ({}) acts as {} until {}",
                pod.namespace(),
                pod.pod(),
                pod.uid(),
                begun.get().arn(),
                begun.get().credentials().expiration());
        return new ApiResponse(
                200,
                Map.of("Content-Type", "application/json"),
                body(association, pod, begun.get()).toString().getBytes(UTF_8));
    }

    private ObjectNode body(Association association, PodToken pod, ServiceSessions.Begun begun) {
        var body = JsonNodeFactory.instance.objectNode();
        body.putObject("subject")
                .put("namespace", pod.namespace())
                .put("serviceAccount", pod.serviceAccount());
        body.put("audience", PodTokens.AUDIENCE);
        body.putObject("podIdentityAssociation")
                .put("associationArn", cluster.associationArn(association.id()))
                .put("associationId", association.id());
        body.putObject("assumedRoleUser").put("arn", begun.arn()).put("assumeRoleId", begun.id());
        var credentials = begun.credentials();
        body.putObject("credentials")
                .put("sessionToken", credentials.sessionToken())
                .put("secretAccessKey", credentials.secretAccessKey())
                .put("accessKeyId", credentials.accessKeyId())
                .put("expiration", credentials.expiration().getEpochSecond());
        return body;
    }

    /// `eks-CLUSTER-POD-UID`, cut where it would be too long, but never the UID.
    private String sessionName(PodToken pod) {
        var shortPod = pod.pod().substring(0, Math.min(pod.pod().length(), LONGEST_POD_IN_NAME));
        var end = "-" + pod.uid();
        var begin = "eks-%s-%s".formatted(cluster.name(), shortPod).replaceAll("[^\\w+=,.@-]", "-");
        return begin.substring(0, Math.min(begin.length(), LONGEST_SESSION_NAME - end.length()))
                + end;
    }

    private Map<String, String> context(Association association, PodToken pod) {
        Map<String, String> context = new HashMap<>();
        context.put("aws:SourceArn", cluster.arn());
        context.put("aws:SourceAccount", cluster.account());
        if (!association.plain()) {
            context.put("aws:RequestTag/eks-cluster-arn", cluster.arn());
            context.put("aws:RequestTag/eks-cluster-name", cluster.name());
            context.put("aws:RequestTag/kubernetes-namespace", pod.namespace());
            context.put("aws:RequestTag/kubernetes-service-account", pod.serviceAccount());
            context.put("aws:RequestTag/kubernetes-pod-name", pod.pod());
            context.put("aws:RequestTag/kubernetes-pod-uid", pod.uid());
        }
        return context;
    }

    private static Optional<String> token(byte[] body) {
        try {
            return Optional.ofNullable(JSON.readTree(body))
                    .map(json -> json.path("token").asText(""))
                    .filter(token -> !token.isEmpty());
        } catch (IOException malformed) {
            return Optional.empty();
        }
    }
}
