package dev.monopod.eks.access;

import dev.monopod.eks.access.AccessEntry.Association;
import dev.monopod.eks.access.AccessEntry.Scope;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/// Makes who created the cluster its administrator, as EKS'
/// `bootstrapClusterCreatorAdminPermissions` does.
///
/// @param ids random
public record ClusterCreator(AccessEntries entries, InstantSource clock, Supplier<UUID> ids) {
    /// Gives the principal an entry with `AmazonEKSClusterAdminPolicy`, unless it has an entry
    /// already, whatever that says: an administrator may have changed it. To be called once in the
    /// life of a cluster, since it would give back what was deleted.
    ///
    /// @param arn of a user, a role, or a session of the role
    /// @return whether it was added
    /// @throws IllegalArgumentException if the ARN is none of these
    public boolean ensure(String arn) {
        var principal =
                Principal.ofSession(arn)
                        .or(() -> Principal.parse(arn))
                        .filter(found -> found.kind() != Principal.Kind.FEDERATED_USER)
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        arn + " is no ARN of a user, a role or its session"));
        var now = clock.instant();
        var association =
                new Association(AccessPolicy.CLUSTER_ADMIN, new Scope.Cluster(), now, now);
        return entries.create(
                new AccessEntry(
                        principal,
                        ids.get().toString(),
                        EntryType.STANDARD,
                        EntryType.STANDARD.defaultUsername(principal),
                        List.of(),
                        Map.of(),
                        List.of(association),
                        now,
                        now));
    }
}
