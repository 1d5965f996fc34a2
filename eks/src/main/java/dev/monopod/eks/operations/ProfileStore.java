package dev.monopod.eks.operations;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.FargateProfileSpec;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Where profiles are kept: one place for what the API and what kubectl made. Each method asks the
/// API server and throws its failure, a `KubernetesClientException`, unless a result is meant for
/// it. Thread-safe.
public interface ProfileStore {
    /// All profiles, in no order.
    List<FargateProfile> list();

    /// Names of the VPC's subnets that a profile may use, sorted.
    List<String> privateSubnets(String vpc);

    /// Makes a profile. What the cluster's rules refuse is not made.
    Creation create(Draft draft);

    /// Begins the deletion of a profile; nothing happens if it is gone.
    void delete(FargateProfile profile);

    /// Changes some tags of a profile and leaves the others, whoever else changes them meanwhile.
    ///
    /// @param removed keys; those that it does not have are passed over
    Retagging retag(FargateProfile profile, Map<String, String> set, Set<String> removed);

    /// A profile that is to be made.
    ///
    /// @param name as EKS has it; the object may have another
    record Draft(String name, FargateProfileSpec spec, Map<String, String> annotations) {
        public Draft {
            annotations = Map.copyOf(annotations);
        }
    }

    /// What became of a draft.
    sealed interface Creation {
        record Created(FargateProfile profile) implements Creation {}

        /// There is a profile of that name.
        record Taken() implements Creation {}

        /// There are as many profiles as may be.
        record OverQuota(String message) implements Creation {}

        /// A rule is broken, as the message says.
        record Invalid(String message) implements Creation {}
    }

    /// What became of a change of tags.
    sealed interface Retagging {
        record Retagged() implements Retagging {}

        /// The profile is no more.
        record Gone() implements Retagging {}

        /// A rule is broken, as the message says.
        record Invalid(String message) implements Retagging {}
    }
}
