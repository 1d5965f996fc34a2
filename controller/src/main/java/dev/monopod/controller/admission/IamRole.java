package dev.monopod.controller.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Gives containers the credentials of their service account's IAM role, in the order and by the
/// rules of EKS' own webhook. Variables go in groups: of whose group a container sets one itself,
/// it gets none. Source: aws/amazon-eks-pod-identity-webhook, pkg/handler, and the user guide's
/// "IAM roles for service accounts".
public final class IamRole {
    private static final String REGIONAL = "AWS_STS_REGIONAL_ENDPOINTS";
    private static final List<String> REGION = List.of("AWS_DEFAULT_REGION", "AWS_REGION");
    private static final String ROLE_ARN = "AWS_ROLE_ARN";
    private static final String TOKEN_FILE = "AWS_WEB_IDENTITY_TOKEN_FILE";
    private static final Set<String> ROLE = Set.of(ROLE_ARN, TOKEN_FILE);
    private static final String VOLUME = "aws-iam-token";
    private static final String DIRECTORY = "/var/run/secrets/eks.amazonaws.com/serviceaccount";

    private final String region;

    IamRole(String region) {
        this.region = region;
    }

    /// Changes the pod in place, if the service account names a role.
    ///
    /// @param serviceAccount its annotations
    void apply(ObjectNode pod, Map<String, String> serviceAccount) {
        IamRoleSettings.of(
                        serviceAccount,
                        PodFacts.texts(pod.at("/metadata/annotations")),
                        PodFacts.texts(pod.at("/metadata/labels")))
                .ifPresent(settings -> apply((ObjectNode) pod.get("spec"), settings));
    }

    private void apply(ObjectNode spec, IamRoleSettings settings) {
        for (var list : List.of("initContainers", "containers")) {
            for (var container : spec.path(list)) {
                if (!settings.skipped().contains(container.path("name").asText())) {
                    container((ObjectNode) container, settings);
                }
            }
        }
        if (!hasNamed(spec.path("volumes"), VOLUME)) {
            volume(spec.withArray("volumes"), settings);
        }
    }

    /// The role that a pod was to have and has not, since no webhook saw it; nothing can be added
    /// to the containers of a pod that exists.
    ///
    /// @param serviceAccount its annotations
    public static Optional<String> missing(Pod pod, Map<String, String> serviceAccount) {
        var meta = pod.getMetadata();
        return IamRoleSettings.of(
                        serviceAccount,
                        Objects.requireNonNullElse(meta.getAnnotations(), Map.of()),
                        Objects.requireNonNullElse(meta.getLabels(), Map.of()))
                .filter(settings ->
                        Stream.concat(
                                        pod.getSpec().getInitContainers().stream(),
                                        pod.getSpec().getContainers().stream())
                                .filter(one -> !settings.skipped().contains(one.getName()))
                                .anyMatch(IamRole::without))
                .map(IamRoleSettings::role);
    }

    private static boolean without(Container container) {
        return container.getEnv().stream().map(EnvVar::getName).noneMatch(ROLE::contains);
    }

    private void container(ObjectNode container, IamRoleSettings settings) {
        var set = container.path("env");
        var hasRole = ROLE.stream().anyMatch(name -> hasNamed(set, name));
        var hasRegion = REGION.stream().anyMatch(name -> hasNamed(set, name));
        var hasRegional = hasNamed(set, REGIONAL);
        if (hasRole && hasRegion && hasRegional) {
            return;
        }
        var variables = container.withArray("env");
        if (!hasRegional && settings.regionalEndpoints()) {
            variable(variables, REGIONAL, "regional");
        }
        if (!hasRegion) {
            REGION.forEach(name -> variable(variables, name, region));
        }
        if (!hasRole) {
            variable(variables, ROLE_ARN, settings.role());
            variable(variables, TOKEN_FILE, DIRECTORY + "/token");
        }
        if (!hasNamed(container.path("volumeMounts"), VOLUME)) {
            container
                    .withArray("volumeMounts")
                    .addObject()
                    .put("name", VOLUME)
                    .put("mountPath", DIRECTORY)
                    .put("readOnly", true);
        }
    }

    /// Before all others.
    private static void volume(ArrayNode volumes, IamRoleSettings settings) {
        var volume = volumes.insertObject(0).put("name", VOLUME);
        volume.putObject("projected")
                .putArray("sources")
                .addObject()
                .putObject("serviceAccountToken")
                .put("audience", settings.audience())
                .put("expirationSeconds", settings.tokenSeconds())
                .put("path", "token");
    }

    private static void variable(ArrayNode variables, String name, String value) {
        variables.addObject().put("name", name).put("value", value);
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
