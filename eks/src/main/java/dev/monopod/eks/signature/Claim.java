package dev.monopod.eks.signature;

import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiRequest.Header;
import dev.monopod.eks.wire.Parameters;
import dev.monopod.eks.wire.Parameters.Parameter;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// What a request says of its own signature, in a form that can be checked.
///
/// @param parameters of the query, those that are signed
/// @param signedHeaders in small letters, ascending, among them `host`
/// @param signature 64 hexadecimal digits
record Claim(
        Scope scope,
        SignedTime time,
        List<Parameter> parameters,
        List<String> signedHeaders,
        String signature,
        Optional<String> sessionToken) {
    static final String ALGORITHM = "AWS4-HMAC-SHA256";

    private static final int SIGNED_HEADERS_MAX = 64;
    private static final String SIGNATURE_PARAMETER = "X-Amz-Signature";
    private static final String TOKEN_HEADER = "x-amz-security-token";
    private static final Pattern HEADER_NAME = Pattern.compile("[a-z0-9!#$%&'*+.^_`|~-]+");
    private static final Pattern SIGNATURE = Pattern.compile("[0-9a-f]{64}");

    static Claim of(ApiRequest request) throws RefusedException {
        var parameters =
                Parameters.parse(request.query())
                        .orElseThrow(() ->
                                new RefusedException(
                                        Fault.INCOMPLETE, "The query is badly percent-encoded."));
        boolean byQuery = !parameters.values(SIGNATURE_PARAMETER).isEmpty();
        var headers = values(request, "authorization");
        if (byQuery && !headers.isEmpty() || headers.size() > 1) {
            throw new RefusedException(
                    Fault.INCOMPLETE, "A request has one signature, by header or by query.");
        }
        if (byQuery) {
            return byQuery(parameters);
        }
        if (headers.isEmpty()) {
            throw new RefusedException(Fault.NO_SIGNATURE, "Missing Authentication Token");
        }
        return byHeader(request, parameters, headers.getFirst());
    }

    private static Claim byHeader(ApiRequest request, Parameters parameters, String header)
            throws RefusedException {
        if (!header.startsWith(ALGORITHM + " ")) {
            throw new RefusedException(
                    Fault.INCOMPLETE,
                    "Authorization header must begin with '%s', got '%s'."
                            .formatted(ALGORITHM, Quoted.of(header.split(" ", 2)[0])));
        }
        Map<String, String> fields = new HashMap<>();
        for (String field : header.substring(ALGORITHM.length() + 1).split(",", -1)) {
            var parts = field.strip().split("=", 2);
            if (parts.length != 2 || fields.put(parts[0], parts[1]) != null) {
                throw new RefusedException(
                        Fault.INCOMPLETE,
                        "'%s' not a valid key=value pair (missing equal-sign) in Authorization"
                                        .formatted(Quoted.of(field))
                                + " header, or there twice.");
            }
        }
        var tokens = values(request, TOKEN_HEADER);
        if (tokens.size() > 1) {
            throw new RefusedException(
                    Fault.INCOMPLETE, "Header x-amz-security-token is there twice.");
        }
        return new Claim(
                Scope.parse(field(fields, "Credential")),
                time(request),
                parameters.all(),
                signedHeaders(field(fields, "SignedHeaders")),
                signature(field(fields, "Signature")),
                tokens.stream().findFirst());
    }

    private static Claim byQuery(Parameters parameters) throws RefusedException {
        var algorithm = parameter(parameters, "X-Amz-Algorithm");
        if (!algorithm.equals(ALGORITHM)) {
            throw new RefusedException(
                    Fault.INCOMPLETE,
                    "X-Amz-Algorithm must be '%s', not '%s'."
                            .formatted(ALGORITHM, Quoted.of(algorithm)));
        }
        var tokens = parameters.values("X-Amz-Security-Token");
        if (tokens.size() > 1) {
            throw new RefusedException(Fault.INCOMPLETE, "X-Amz-Security-Token is there twice.");
        }
        return new Claim(
                Scope.parse(parameter(parameters, "X-Amz-Credential")),
                SignedTime.basic(parameter(parameters, "X-Amz-Date")),
                parameters.all().stream()
                        .filter(each -> !each.name().equals(SIGNATURE_PARAMETER))
                        .toList(),
                signedHeaders(parameter(parameters, "X-Amz-SignedHeaders")),
                signature(parameter(parameters, SIGNATURE_PARAMETER)),
                tokens.stream().findFirst());
    }

    private static SignedTime time(ApiRequest request) throws RefusedException {
        var dates = values(request, "x-amz-date");
        if (dates.size() == 1) {
            return SignedTime.basic(dates.getFirst().strip());
        }
        var plain = values(request, "date");
        if (!dates.isEmpty() || plain.size() != 1) {
            throw new RefusedException(
                    Fault.INCOMPLETE,
                    "Authorization header requires existence of either one 'X-Amz-Date' or one"
                            + " 'Date' header.");
        }
        return SignedTime.ofDate(plain.getFirst().strip());
    }

    private static List<String> signedHeaders(String text) throws RefusedException {
        var names = List.of(text.split(";", -1));
        for (int i = 0; i < names.size(); i++) {
            if (!HEADER_NAME.matcher(names.get(i)).matches()
                    || i > 0 && names.get(i - 1).compareTo(names.get(i)) >= 0) {
                throw new RefusedException(
                        Fault.INCOMPLETE,
                        "SignedHeaders must be names in lower case, each once, in order, got '%s'."
                                .formatted(Quoted.of(text)));
            }
        }
        if (names.size() > SIGNED_HEADERS_MAX) {
            throw new RefusedException(
                    Fault.INCOMPLETE,
                    "SignedHeaders has %d names; at most %d are allowed."
                            .formatted(names.size(), SIGNED_HEADERS_MAX));
        }
        if (!names.contains("host")) {
            throw new RefusedException(
                    Fault.MISMATCH, "'Host' must be a 'SignedHeader' in the AWS Authorization.");
        }
        return names;
    }

    private static String signature(String text) throws RefusedException {
        if (!SIGNATURE.matcher(text).matches()) {
            throw new RefusedException(
                    Fault.INCOMPLETE, "Signature must be 64 hexadecimal digits in lower case.");
        }
        return text;
    }

    private static String field(Map<String, String> fields, String name) throws RefusedException {
        var value = fields.get(name);
        if (value == null) {
            throw new RefusedException(
                    Fault.INCOMPLETE,
                    "Authorization header requires '%s' parameter.".formatted(name));
        }
        return value;
    }

    private static String parameter(Parameters parameters, String name) throws RefusedException {
        return parameters
                .one(name)
                .orElseThrow(() ->
                        new RefusedException(
                                Fault.INCOMPLETE,
                                "AWS query-string parameters must include one '%s'."
                                        .formatted(name)));
    }

    /// All values of a header, in the order sent.
    static List<String> values(ApiRequest request, String name) {
        return request.headers().stream()
                .filter(header -> header.name().toLowerCase(Locale.ROOT).equals(name))
                .map(Header::value)
                .toList();
    }
}
