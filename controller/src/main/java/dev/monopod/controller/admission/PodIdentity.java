package dev.monopod.controller.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.monopod.model.names.Defaults;
import java.util.LinkedHashMap;
import java.util.Map;

/// Tells SDKs in containers where the credentials of their service account's pod identity
/// association are: at a link-local address, which the host's agent answers for this pod alone.
/// Source: aws/amazon-eks-pod-identity-webhook, pkg/handler, and the user guide's "EKS Pod
/// Identities".
final class PodIdentity {
    static final String FULL_URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    static final String TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

    private static final String DIRECTORY =
            "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";

    /// Of the token's volume, and of its file.
    private static final String TOKEN = "eks-pod-identity-token";

    private final String region;

    PodIdentity(String region) {
        this.region = region;
    }

    /// Changes the pod in place, unless it opts out. Its service account has an association.
    ///
    /// @param serviceAccount its annotations
    void apply(ObjectNode pod, Map<String, String> serviceAccount) {
        IamRoleSettings.ofPodIdentity(
                        serviceAccount,
                        PodFacts.texts(pod.at("/metadata/annotations")),
                        PodFacts.texts(pod.at("/metadata/labels")))
                .map(this::injection)
                .ifPresent(injection -> injection.apply((ObjectNode) pod.get("spec")));
    }

    private CredentialInjection injection(IamRoleSettings settings) {
        var variables = new LinkedHashMap<String, String>();
        variables.put(
                FULL_URI, "http://%s/v1/credentials".formatted(Defaults.POD_IDENTITY_ADDRESS));
        variables.put(TOKEN_FILE, DIRECTORY + "/" + TOKEN);
        return new CredentialInjection(
                region, settings, TOKEN, DIRECTORY, TOKEN, variables, Map.of());
    }
}
