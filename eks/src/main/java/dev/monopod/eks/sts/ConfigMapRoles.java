package dev.monopod.eks.sts;

import dev.monopod.eks.identity.IdentityUnavailableException;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Roles in ConfigMaps of `kube-system` that are labelled `monopod.dev/iam-role: "true"`: each has
/// its `arn` and its `trust-policy.json`. Every question is one to the API server; give it a client
/// that gives up soon. A role that two ConfigMaps have, or whose policy is malformed, trusts
/// nobody, and the log says why. Any thread may ask.
public final class ConfigMapRoles implements Roles {
    public static final String NAMESPACE = "kube-system";

    /// On each ConfigMap that is a role; its value is `true`.
    public static final String LABEL = "monopod.dev/iam-role";

    static final String ARN = "arn";
    static final String POLICY = "trust-policy.json";

    private static final Logger log = LoggerFactory.getLogger(ConfigMapRoles.class);

    private final KubernetesClient client;

    public ConfigMapRoles(KubernetesClient client) {
        this.client = client;
    }

    /// What is known of a role.
    sealed interface Found {
        /// No ConfigMap is it.
        record Undefined() implements Found {}

        /// It trusts nobody.
        ///
        /// @param why of the role, such as `is defined by 2 ConfigMaps`
        record Unusable(String why) implements Found {}

        record Defined(TrustPolicy policy) implements Found {}
    }

    @Override
    public Optional<TrustPolicy> find(String roleArn) {
        return switch (look(all(), roleArn)) {
            case Found.Undefined() -> Optional.empty();
            case Found.Unusable(String why) -> {
                log.warn("role {} trusts nobody: it {}", roleArn, why);
                yield Optional.empty();
            }
            case Found.Defined(TrustPolicy policy) -> Optional.of(policy);
        };
    }

    /// @param all ConfigMaps that have the label, whatever its value
    static Found look(List<ConfigMap> all, String roleArn) {
        var found =
                all.stream()
                        .filter(each -> "true".equals(each.getMetadata().getLabels().get(LABEL)))
                        .filter(each -> data(each, ARN).equals(roleArn))
                        .toList();
        return switch (found.size()) {
            case 0 -> new Found.Undefined();
            case 1 -> policy(found.getFirst());
            default -> new Found.Unusable("is defined by %d ConfigMaps".formatted(found.size()));
        };
    }

    private List<ConfigMap> all() {
        try {
            return client.configMaps()
                    .inNamespace(NAMESPACE)
                    .withLabel(LABEL, "true")
                    .list()
                    .getItems();
        } catch (KubernetesClientException failure) {
            throw new IdentityUnavailableException(
                    "cannot list the ConfigMaps of roles in " + NAMESPACE, failure);
        }
    }

    private static Found policy(ConfigMap role) {
        try {
            return new Found.Defined(TrustPolicy.parse(data(role, POLICY)));
        } catch (MalformedPolicyException malformed) {
            return new Found.Unusable(
                    "has a trust policy that is not understood: ConfigMap %s/%s, %s: %s"
                            .formatted(
                                    NAMESPACE,
                                    role.getMetadata().getName(),
                                    POLICY,
                                    malformed.getMessage()));
        }
    }

    /// The ARN that a ConfigMap says; empty if it says none.
    public static String arn(ConfigMap role) {
        return data(role, ARN);
    }

    private static String data(ConfigMap role, String key) {
        return role.getData() == null ? "" : role.getData().getOrDefault(key, "").strip();
    }
}
