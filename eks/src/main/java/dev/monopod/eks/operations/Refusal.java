package dev.monopod.eks.operations;

import dev.monopod.eks.wire.ApiResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Ends an operation with one of EKS' errors. The factories hold the words that EKS is known to
/// use; tools search for them, so they stay as they are.
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Kind kind;
    private final @Nullable String cluster;
    private final @Nullable String profile;

    /// EKS' error types, their status, and the members of their bodies beside `message`, which are
    /// there as null when they do not apply. Source: botocore's service-2.json.
    enum Kind {
        INVALID_PARAMETER("InvalidParameterException", 400, Members.ALL),
        INVALID_REQUEST("InvalidRequestException", 400, Members.NO_PROFILE),
        RESOURCE_LIMIT_EXCEEDED("ResourceLimitExceededException", 400, Members.NO_ADDON),
        RESOURCE_NOT_FOUND("ResourceNotFoundException", 404, Members.ALL),
        RESOURCE_IN_USE("ResourceInUseException", 409, Members.NO_PROFILE),
        SERVER("ServerException", 500, Members.NO_PROFILE),
        SERVICE_UNAVAILABLE("ServiceUnavailableException", 503, List.of()),
        /// Of the operations on tags.
        BAD_REQUEST("BadRequestException", 400, List.of()),
        /// Of the operations on tags.
        NOT_FOUND("NotFoundException", 404, List.of()),
        /// Of every API of AWS: the body is not what the operation takes.
        SERIALIZATION("SerializationException", 400, List.of()),
        /// Of every API of AWS: there is no such operation.
        UNKNOWN_OPERATION("UnknownOperationException", 404, List.of());

        private final String type;
        private final int status;
        private final List<String> members;

        Kind(String type, int status, List<String> members) {
            this.type = type;
            this.status = status;
            this.members = members;
        }
    }

    private static final class Members {
        private static final String CLUSTER = "clusterName";
        private static final String PROFILE = "fargateProfileName";
        private static final List<String> ALL =
                List.of(CLUSTER, "nodegroupName", PROFILE, "addonName");
        private static final List<String> NO_PROFILE =
                List.of(CLUSTER, "nodegroupName", "addonName");
        private static final List<String> NO_ADDON = List.of(CLUSTER, "nodegroupName");
    }

    private Refusal(Kind kind, String message, @Nullable String cluster, @Nullable String profile) {
        super(message);
        this.kind = kind;
        this.cluster = cluster;
        this.profile = profile;
    }

    static Refusal of(Kind kind, String message) {
        return new Refusal(kind, message, null, null);
    }

    static Refusal invalidParameter(String message) {
        return of(Kind.INVALID_PARAMETER, message);
    }

    static Refusal noCluster(String name) {
        return new Refusal(
                Kind.RESOURCE_NOT_FOUND, "No cluster found for name: " + name + ".", name, null);
    }

    static Refusal noProfile(String cluster, String name) {
        return new Refusal(
                Kind.RESOURCE_NOT_FOUND,
                "No Fargate Profile found with name: " + name + ".",
                cluster,
                name);
    }

    static Refusal nameTaken() {
        return of(
                Kind.RESOURCE_IN_USE,
                "A Fargate Profile already exists with this name in this cluster.");
    }

    static Refusal clusterNotActive(String name) {
        return of(Kind.INVALID_REQUEST, "Cluster '" + name + "' is not in ACTIVE status");
    }

    /// @param status CREATING or DELETING
    static Refusal cannotCreateBeside(String cluster, String name, String other, String status) {
        return of(
                Kind.RESOURCE_IN_USE,
                "Cannot create Fargate Profile %s because cluster %s currently has Fargate profile %s in status %s"
                        .formatted(name, cluster, other, status));
    }

    static Refusal cannotDeleteBeside(String cluster, String name, String other) {
        return of(
                Kind.RESOURCE_IN_USE,
                "Cannot Delete Fargate Profile %s because cluster %s currently has Fargate profile %s in status DELETING"
                        .formatted(name, cluster, other));
    }

    static Refusal noSelector() {
        return invalidParameter("Fargate Profile requires at least one selector.");
    }

    static Refusal noNamespace() {
        return invalidParameter(
                "Fargate Profile must have at least one selector with at least one namespace"
                        + " value.");
    }

    static Refusal tooManyLabels() {
        return invalidParameter("Request contains Selector with more than 5 Label pairs");
    }

    static Refusal reservedName() {
        return invalidParameter(
                "The fargate profile name starts with the reserved prefix: 'eks-'.");
    }

    /// The answer as it goes over the wire.
    ApiResponse response() {
        Map<String, @Nullable String> body = new LinkedHashMap<>();
        for (var member : kind.members) {
            body.put(
                    member,
                    switch (member) {
                        case Members.CLUSTER -> cluster;
                        case Members.PROFILE -> profile;
                        default -> null;
                    });
        }
        body.put("message", getMessage());
        return new ApiResponse(
                kind.status,
                Map.of("Content-Type", Json.MEDIA_TYPE, "x-amzn-ErrorType", kind.type),
                Json.write(body));
    }
}
