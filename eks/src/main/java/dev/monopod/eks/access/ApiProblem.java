package dev.monopod.eks.access;

/// A request that is refused, in EKS' words.
final class ApiProblem extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// EKS' kinds of errors, and their statuses.
    enum Kind {
        INVALID_PARAMETER("InvalidParameterException", 400),
        NOT_FOUND("ResourceNotFoundException", 404),
        IN_USE("ResourceInUseException", 409),
        SERIALIZATION("SerializationException", 400),
        UNKNOWN("UnknownOperationException", 404),
        SERVER("ServerException", 500),
        UNAVAILABLE("ServiceUnavailableException", 503);

        private final String type;
        private final int status;

        Kind(String type, int status) {
            this.type = type;
            this.status = status;
        }

        String type() {
            return type;
        }

        int status() {
            return status;
        }
    }

    private final Kind kind;

    ApiProblem(Kind kind, String message) {
        super(message, null, false, false);
        this.kind = kind;
    }

    static ApiProblem invalid(String message) {
        return new ApiProblem(Kind.INVALID_PARAMETER, message);
    }

    static ApiProblem noPrincipal() {
        return new ApiProblem(
                Kind.NOT_FOUND,
                "The specified principalArn could not be found. You can view your available"
                        + " access entries with 'list-access-entries'.");
    }

    static ApiProblem noPolicy() {
        return new ApiProblem(
                Kind.NOT_FOUND,
                "The specified policyArn could not be found. You can view the associated access"
                        + " policies with 'list-associated-access-policies'.");
    }

    Kind kind() {
        return kind;
    }
}
