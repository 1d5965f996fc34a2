package dev.monopod.eks.signature;

/// Why a request is refused. Services that answer with JSON, such as EKS, have other codes for it
/// than those that answer a form with XML, such as STS.
enum Fault {
    NO_SIGNATURE("MissingAuthenticationTokenException", 403, "MissingAuthenticationToken", 403),
    INCOMPLETE("IncompleteSignatureException", 403, "IncompleteSignature", 400),
    MISMATCH("InvalidSignatureException", 403, "SignatureDoesNotMatch", 403),
    UNKNOWN_KEY("UnrecognizedClientException", 403, "InvalidClientTokenId", 403),
    EXPIRED_KEY("ExpiredTokenException", 403, "ExpiredToken", 403),
    UNAVAILABLE("ServiceUnavailableException", 503, "ServiceUnavailable", 503);

    private final String jsonCode;
    private final int jsonStatus;
    private final String formCode;
    private final int formStatus;

    Fault(String jsonCode, int jsonStatus, String formCode, int formStatus) {
        this.jsonCode = jsonCode;
        this.jsonStatus = jsonStatus;
        this.formCode = formCode;
        this.formStatus = formStatus;
    }

    Verdict.Refused by(String service, String message) {
        return switch (service) {
            case "sts", "cloudformation", "iam" ->
                    new Verdict.Refused(formCode, formStatus, message);
            default -> new Verdict.Refused(jsonCode, jsonStatus, message);
        };
    }
}
