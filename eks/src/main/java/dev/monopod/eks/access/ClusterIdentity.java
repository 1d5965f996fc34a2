package dev.monopod.eks.access;

/// What the cluster is called in AWS.
///
/// @param partition such as `aws`
/// @param account twelve digits
public record ClusterIdentity(String name, String partition, String region, String account) {
    /// Of the cluster.
    public String arn() {
        return "arn:%s:eks:%s:%s:cluster/%s".formatted(partition, region, account, name);
    }

    /// Of an entry of this cluster.
    String entryArn(AccessEntry entry) {
        var principal = entry.principal();
        var kind =
                switch (principal.kind()) {
                    case ROLE -> "role";
                    case USER -> "user";
                    case ROOT -> "root";
                    case FEDERATED_USER -> "federated-user";
                };
        return "arn:%s:eks:%s:%s:access-entry/%s/%s/%s/%s/%s"
                .formatted(
                        partition,
                        region,
                        account,
                        name,
                        kind,
                        principal.account(),
                        principal.name(),
                        entry.id());
    }
}
