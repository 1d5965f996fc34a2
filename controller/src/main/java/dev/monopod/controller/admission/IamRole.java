package dev.monopod.controller.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Gives containers the credentials of their service account's IAM role. What a container sets
/// itself stays. Source: the user guide's "IAM roles for service accounts", and its annotations.
public final class IamRole {
    private static final String PREFIX = "eks.amazonaws.com/";
    private static final String ROLE = PREFIX + "role-arn";
    private static final String SKIP = PREFIX + "skip-containers";
    private static final Set<String> VARIABLES =
            Set.of("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE");
    private static final String VOLUME = "aws-iam-token";
    private static final String DIRECTORY = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
    private static final String DEFAULT_AUDIENCE = "sts.amazonaws.com";
    private static final long DEFAULT_SECONDS = 86_400;
    private static final long FEWEST_SECONDS = 600;

    private final String region;

    IamRole(String region) {
        this.region = region;
    }

    /// Changes the pod in place, if the service account names a role.
    void apply(ObjectNode pod, Map<String, String> serviceAccount) {
        var role = serviceAccount.get(ROLE);
        if (role == null || role.isBlank()) {
            return;
        }
        var spec = (ObjectNode) pod.get("spec");
        var own = PodFacts.texts(pod.at("/metadata/annotations"));
        var skipped = skipped(own);
        for (var list : List.of("initContainers", "containers")) {
            for (var container : spec.path(list)) {
                if (!skipped.contains(container.path("name").asText())) {
                    container((ObjectNode) container, role, serviceAccount);
                }
            }
        }
        if (!hasNamed(spec.path("volumes"), VOLUME)) {
            volume(
                    spec.withArray("volumes"),
                    Objects.requireNonNullElse(
                            serviceAccount.get(PREFIX + "audience"), DEFAULT_AUDIENCE),
                    seconds(own, serviceAccount));
        }
    }

    private static Set<String> skipped(Map<String, String> pod) {
        return Arrays.stream(pod.getOrDefault(SKIP, "").split(",", -1))
                .map(String::strip)
                .collect(Collectors.toSet());
    }

    /// The role that a pod was to have and has not, since no webhook saw it; nothing can be added
    /// to the containers of a pod that exists.
    ///
    /// @param serviceAccount its annotations
    public static Optional<String> missing(Pod pod, Map<String, String> serviceAccount) {
        var role = serviceAccount.getOrDefault(ROLE, "");
        var annotations = pod.getMetadata().getAnnotations();
        var skipped = skipped(annotations == null ? Map.of() : annotations);
        var without =
                Stream.concat(
                                pod.getSpec().getInitContainers().stream(),
                                pod.getSpec().getContainers().stream())
                        .filter(container -> !skipped.contains(container.getName()))
                        .anyMatch(container ->
                                !container.getEnv().stream()
                                        .map(EnvVar::getName)
                                        .collect(Collectors.toSet())
                                        .containsAll(VARIABLES));
        return role.isBlank() || !without ? Optional.empty() : Optional.of(role);
    }

    private void container(ObjectNode container, String role, Map<String, String> serviceAccount) {
        var setsRole =
                hasNamed(container.path("env"), "AWS_ROLE_ARN")
                        && hasNamed(container.path("env"), "AWS_WEB_IDENTITY_TOKEN_FILE");
        var variables = container.withArray("env");
        if (!"false".equals(serviceAccount.get(PREFIX + "sts-regional-endpoints"))) {
            variable(variables, "AWS_STS_REGIONAL_ENDPOINTS", "regional");
        }
        variable(variables, "AWS_DEFAULT_REGION", region);
        variable(variables, "AWS_REGION", region);
        variable(variables, "AWS_ROLE_ARN", role);
        variable(variables, "AWS_WEB_IDENTITY_TOKEN_FILE", DIRECTORY + "/token");
        if (!setsRole && !hasNamed(container.path("volumeMounts"), VOLUME)) {
            container
                    .withArray("volumeMounts")
                    .addObject()
                    .put("name", VOLUME)
                    .put("mountPath", DIRECTORY)
                    .put("readOnly", true);
        }
    }

    private static void volume(ArrayNode volumes, String audience, long seconds) {
        var volume = volumes.addObject().put("name", VOLUME);
        volume.putObject("projected")
                .put("defaultMode", 0644)
                .putArray("sources")
                .addObject()
                .putObject("serviceAccountToken")
                .put("audience", audience)
                .put("expirationSeconds", seconds)
                .put("path", "token");
    }

    private static long seconds(Map<String, String> pod, Map<String, String> serviceAccount) {
        var name = PREFIX + "token-expiration";
        var text = pod.getOrDefault(name, serviceAccount.getOrDefault(name, ""));
        return text.matches("[0-9]{1,9}")
                ? Math.max(FEWEST_SECONDS, Long.parseLong(text))
                : DEFAULT_SECONDS;
    }

    private static void variable(ArrayNode variables, String name, String value) {
        if (!hasNamed(variables, name)) {
            variables.addObject().put("name", name).put("value", value);
        }
    }

    private static boolean hasNamed(JsonNode list, String name) {
        for (var item : list) {
            if (item.path("name").asText().equals(name)) {
                return true;
            }
        }
        return false;
    }
}
