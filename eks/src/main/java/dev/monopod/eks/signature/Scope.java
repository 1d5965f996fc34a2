package dev.monopod.eks.signature;

/// A credential: `KEY/DAY/REGION/SERVICE/aws4_request`.
record Scope(String accessKeyId, String day, String region, String service) {
    private static final String TERMINATOR = "aws4_request";

    static Scope parse(String credential) throws RefusedException {
        var parts = credential.split("/", -1);
        if (parts.length != 5 || !parts[0].matches("\\w{1,128}")) {
            throw new RefusedException(
                    Fault.INCOMPLETE,
                    "Credential must have exactly 5 slash-delimited elements, e.g."
                            + " keyid/date/region/service/term, got '%s'"
                                    .formatted(Quoted.of(credential)));
        }
        if (!parts[4].equals(TERMINATOR)) {
            throw new RefusedException(
                    Fault.MISMATCH,
                    "Credential should be scoped with a valid terminator: '%s', not '%s'."
                            .formatted(TERMINATOR, Quoted.of(parts[4])));
        }
        return new Scope(parts[0], parts[1], parts[2], parts[3]);
    }

    /// Its text in the string to sign.
    String text() {
        return String.join("/", day, region, service, TERMINATOR);
    }

    void check(SignedTime time, String expectedService) throws RefusedException {
        if (!service.equals(expectedService)) {
            throw new RefusedException(
                    Fault.MISMATCH,
                    "Credential should be scoped to correct service: '%s'."
                            .formatted(expectedService));
        }
        if (!day.equals(time.day())) {
            throw new RefusedException(
                    Fault.MISMATCH,
                    ("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of"
                                    + " date from HTTP: '%s' != '%s', from '%s'.")
                            .formatted(Quoted.of(day), time.day(), time.basic()));
        }
    }

    void checkRegion(String expected) throws RefusedException {
        if (!region.equals(expected)) {
            throw new RefusedException(
                    Fault.MISMATCH,
                    "Credential should be scoped to a valid region, not '%s'. This is '%s'."
                            .formatted(Quoted.of(region), expected));
        }
    }
}
