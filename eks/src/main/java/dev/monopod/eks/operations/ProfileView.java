package dev.monopod.eks.operations;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileSpec;
import dev.monopod.kube.api.FargateProfileStatus;
import dev.monopod.kube.api.FargateProfileStatus.Phase;
import dev.monopod.kube.mapping.Profiles;
import dev.monopod.model.names.Names;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The shape `FargateProfile`: an object of the cluster as EKS tells it.
@JsonInclude(JsonInclude.Include.NON_NULL)
record ProfileView(
        String fargateProfileName,
        String fargateProfileArn,
        String clusterName,
        Instant createdAt,
        @Nullable String podExecutionRoleArn,
        List<String> subnets,
        List<FargateProfileSpec.Selector> selectors,
        Phase status,
        Map<String, String> tags,
        Health health) {
    /// On an object whose maker named no subnet: those that it has are not told, or Terraform would
    /// replace it, having asked for none.
    static final String DEFAULT_SUBNETS = Names.OWN_PREFIX + "default-subnets";

    /// Why a profile failed.
    record Health(List<Issue> issues) {}

    /// @param code of EKS' four the one that fits
    record Issue(String code, String message, List<String> resourceIds) {}

    static ProfileView of(FargateProfile profile, ClusterDescription cluster) {
        return of(profile, cluster, phase(profile));
    }

    /// As it is while it is being deleted.
    static ProfileView deleting(FargateProfile profile, ClusterDescription cluster) {
        return of(profile, cluster, Phase.DELETING);
    }

    /// CREATING as long as the controller has not spoken.
    static Phase phase(FargateProfile profile) {
        var told =
                Optional.ofNullable(profile.getStatus())
                        .map(FargateProfileStatus::phase)
                        .orElse(Phase.CREATING);
        return isDeleted(profile) && told != Phase.DELETE_FAILED ? Phase.DELETING : told;
    }

    /// Whether somebody has asked for its deletion.
    static boolean isDeleted(FargateProfile profile) {
        return profile.getMetadata().getDeletionTimestamp() != null;
    }

    static Optional<String> annotation(FargateProfile profile, String key) {
        return Optional.ofNullable(profile.getMetadata().getAnnotations())
                .map(annotations -> annotations.get(key));
    }

    static Map<String, String> tags(FargateProfile profile) {
        return Objects.requireNonNullElse(profile.getSpec().tags(), Map.of());
    }

    /// The ARN, also before the controller has written it down.
    static String arn(FargateProfile profile, ClusterDescription cluster) {
        return cluster.profileArn(Profiles.name(profile), profile.getMetadata().getUid());
    }

    private static ProfileView of(FargateProfile profile, ClusterDescription cluster, Phase phase) {
        var spec = profile.getSpec();
        return new ProfileView(
                Profiles.name(profile),
                arn(profile, cluster),
                cluster.name(),
                Instant.parse(profile.getMetadata().getCreationTimestamp()),
                spec.podExecutionRoleArn(),
                annotation(profile, DEFAULT_SUBNETS).isPresent() ? List.of() : spec.subnets(),
                spec.selectors(),
                phase,
                tags(profile),
                new Health(issues(profile, phase)));
    }

    private static List<Issue> issues(FargateProfile profile, Phase phase) {
        return switch (phase) {
            case CREATING, ACTIVE, DELETING -> List.of();
            case CREATE_FAILED, DELETE_FAILED ->
                    Optional.ofNullable(profile.getStatus())
                            .map(FargateProfileStatus::message)
                            .map(message -> issue(message, profile.getSpec().subnets()))
                            .stream()
                            .toList();
        };
    }

    private static Issue issue(String message, List<String> subnets) {
        return new Issue("InternalFailure", Words.of(message), Words.subnets(message, subnets));
    }
}
