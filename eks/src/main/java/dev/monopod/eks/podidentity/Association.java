package dev.monopod.eks.podidentity;

import java.time.Instant;
import java.util.Map;

/// Pods of a service account act as a role.
///
/// @param id `a-` and 17 letters and digits
/// @param plain whether sessions have no tags of cluster, namespace and pod
/// @param request digest of the client's token and of what it asked for; empty without a token
public record Association(
        String id,
        String namespace,
        String serviceAccount,
        String roleArn,
        boolean plain,
        Map<String, String> tags,
        String request,
        Instant createdAt,
        Instant modifiedAt) {
    public Association {
        tags = Map.copyOf(tags);
    }

    public Association changed(String newRoleArn, boolean newPlain, Instant now) {
        return new Association(
                id, namespace, serviceAccount, newRoleArn, newPlain, tags, request, createdAt, now);
    }

    public Association tagged(Map<String, String> newTags, Instant now) {
        return new Association(
                id, namespace, serviceAccount, roleArn, plain, newTags, request, createdAt, now);
    }
}
