package dev.monopod.controller.profile;

import dev.monopod.controller.ClusterView;
import dev.monopod.eks.sts.ExecutionRoles;
import dev.monopod.kube.mapping.Profiles;
import java.util.Optional;

/// Which profiles launch no pods for now, though they are ACTIVE; what runs by them runs on.
/// Decided anew at each question, by what the watches show. Thread-safe.
public final class LaunchBlocks {
    private final ClusterView cluster;
    private final ExecutionRoles roles;

    public LaunchBlocks(ClusterView cluster, ExecutionRoles roles) {
        this.cluster = cluster;
        this.roles = roles;
    }

    /// Why, in EKS' words; empty if it launches.
    ///
    /// @param profile as EKS knows it
    public Optional<String> of(String profile) {
        var defined = cluster.roles();
        return cluster.profiles().stream()
                .filter(found -> Profiles.name(found).equals(profile))
                .flatMap(found -> roles.fault(found, defined).stream())
                .map(ExecutionRoles.Fault::ofLaunches)
                .findFirst();
    }
}
