package dev.monopod.controller.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.monopod.model.names.Defaults;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// Gives containers the credentials of their service account's IAM role, in the order and by the
/// rules of EKS' own webhook. For a role of this cluster, SDKs are told where its STS is. Source:
/// aws/amazon-eks-pod-identity-webhook, pkg/handler, and the user guide's "IAM roles for service
/// accounts".
public final class IamRole {
    private static final String ROLE_ARN = "AWS_ROLE_ARN";
    private static final String TOKEN_FILE = "AWS_WEB_IDENTITY_TOKEN_FILE";

    /// Of which a pod has one, if it has credentials of a role or brings its own.
    private static final Set<String> CREDENTIALS =
            Set.of(ROLE_ARN, TOKEN_FILE, PodIdentity.FULL_URI, PodIdentity.TOKEN_FILE);

    private static final String DIRECTORY = "/var/run/secrets/eks.amazonaws.com/serviceaccount";

    /// SDKs of 2023 and later read it.
    private static final String STS = "AWS_ENDPOINT_URL_STS";

    private final String region;
    private final Predicate<String> ofThisCluster;

    /// @param ofThisCluster whether the STS of this cluster has the role of an ARN
    IamRole(String region, Predicate<String> ofThisCluster) {
        this.region = region;
        this.ofThisCluster = ofThisCluster;
    }

    /// Changes the pod in place, if the service account names a role.
    ///
    /// @param serviceAccount its annotations
    void apply(ObjectNode pod, Map<String, String> serviceAccount) {
        IamRoleSettings.of(
                        serviceAccount,
                        PodFacts.texts(pod.at("/metadata/annotations")),
                        PodFacts.texts(pod.at("/metadata/labels")))
                .map(this::injection)
                .ifPresent(injection -> injection.apply((ObjectNode) pod.get("spec")));
    }

    private CredentialInjection injection(IamRoleSettings settings) {
        var variables = new LinkedHashMap<String, String>();
        variables.put(ROLE_ARN, settings.role());
        variables.put(TOKEN_FILE, DIRECTORY + "/token");
        return new CredentialInjection(
                region,
                settings,
                "aws-iam-token",
                DIRECTORY,
                "token",
                variables,
                ofThisCluster.test(settings.role())
                        ? Map.of(STS, "http://" + Defaults.POD_IDENTITY_ADDRESS)
                        : Map.of());
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
        return container.getEnv().stream().map(EnvVar::getName).noneMatch(CREDENTIALS::contains);
    }
}
