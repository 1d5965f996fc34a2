package dev.monopod.eks.sts;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.mapping.Profiles;
import io.fabric8.kubernetes.api.model.ConfigMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

/// Whether Fargate may act as the pod execution roles of profiles, by the roles that this cluster
/// has. A role that nobody defined here is a name, as it came with what was written for AWS; it
/// passes unless roles are required. Any thread may ask.
///
/// @param account twelve digits
/// @param profileArn that of a profile, also before the controller has written it down
public record ExecutionRoles(
        Definition definition, String account, Function<FargateProfile, String> profileArn) {
    private static final String SERVICE = "eks-fargate-pods.amazonaws.com";
    private static final String ACTION = "sts:AssumeRole";

    /// Whether a role has to be defined in this cluster.
    public enum Definition {
        OPTIONAL,
        REQUIRED
    }

    /// Fargate may not act as the role of a profile. The sentences before the parentheses are EKS',
    /// as users and Terraform's sources have them.
    ///
    /// @param why role and reason
    public record Fault(String profile, String why) {
        /// Told to pods that wait for it.
        public String ofLaunches() {
            return "Misconfigured Fargate Profile: fargate profile %s blocked for new launches due to: Failed to assume PodExecutionRole; Please make sure the role exists and trusts the %s service principal (%s)"
                    .formatted(profile, SERVICE, why);
        }

        /// Told to who makes the profile. Terraform tries again for two minutes: the role may be on
        /// its way.
        public String ofCreation() {
            return "Misconfigured PodExecutionRole Trust Policy; Please add the %s Service Principal (%s)"
                    .formatted(SERVICE, why);
        }
    }

    /// Empty if Fargate may act as the profile's role, for all that is known.
    ///
    /// @param roles ConfigMaps of `kube-system` that have the label of roles
    public Optional<Fault> fault(FargateProfile profile, List<ConfigMap> roles) {
        return why(profile, roles).map(why -> new Fault(Profiles.name(profile), why));
    }

    private Optional<String> why(FargateProfile profile, List<ConfigMap> roles) {
        var required = definition == Definition.REQUIRED;
        var arn = Objects.requireNonNullElse(profile.getSpec().podExecutionRoleArn(), "");
        if (arn.isEmpty()) {
            return required ? Optional.of("the profile names no role") : Optional.empty();
        }
        return switch (ConfigMapRoles.look(roles, arn)) {
            case ConfigMapRoles.Found.Undefined() ->
                    required
                            ? Optional.of(arn + " is not defined in this cluster")
                            : Optional.empty();
            case ConfigMapRoles.Found.Unusable(String why) -> Optional.of(arn + " " + why);
            case ConfigMapRoles.Found.Defined(TrustPolicy policy) ->
                    policy.allows(ACTION, new Principal.Service(SERVICE), context(profile))
                            ? Optional.empty()
                            : Optional.of(arn + " does not trust it with " + ACTION);
        };
    }

    private Map<String, String> context(FargateProfile profile) {
        return Map.of("aws:SourceArn", profileArn.apply(profile), "aws:SourceAccount", account);
    }
}
