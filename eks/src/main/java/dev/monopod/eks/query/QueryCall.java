package dev.monopod.eks.query;

import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.Parameters;
import dev.monopod.eks.wire.Parameters.Parameter;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/// A call: a form that was posted, or the query of a GET. Each parameter is there once.
public final class QueryCall {
    private static final String SIGNATURE_PREFIX = "X-Amz-";

    private final Parameters parameters;

    private QueryCall(Parameters parameters) {
        this.parameters = parameters;
    }

    /// @throws QueryException if it is no call
    public static QueryCall of(ApiRequest request) throws QueryException {
        if (!request.path().equals("/")) {
            throw new QueryException("InvalidAction", 404, "There is nothing but the path '/'.");
        }
        var encoded =
                switch (request.method()) {
                    case "GET" -> request.query();
                    case "POST" -> new String(request.body(), StandardCharsets.UTF_8);
                    default -> throw new QueryException("InvalidAction", 405, "Use POST, or GET.");
                };
        var parameters =
                Parameters.parse(encoded)
                        .orElseThrow(() ->
                                new QueryException(
                                        "MalformedQueryString",
                                        400,
                                        "The form is badly percent-encoded."));
        Set<String> seen = new HashSet<>();
        for (Parameter each : parameters.all()) {
            if (!seen.add(each.name())) {
                throw QueryException.invalid("A parameter is there twice.");
            }
        }
        return new QueryCall(parameters);
    }

    /// The operation that is called.
    ///
    /// @throws QueryException if it is of another version of the API
    public String action(String version) throws QueryException {
        var action = parameters.one("Action");
        if (action.isEmpty()) {
            throw new QueryException(
                    "MissingAction", 400, "The request must have the parameter Action.");
        }
        var asked = parameters.one("Version").orElse("NO_VERSION_SPECIFIED");
        if (!asked.equals(version)) {
            throw unknown(action.get(), asked);
        }
        return action.get();
    }

    /// What to answer to a call of an operation that there is not.
    public static QueryException unknown(String action, String version) {
        return new QueryException(
                "InvalidAction",
                400,
                "Could not find operation %s for version %s"
                        .formatted(shown(action), shown(version)));
    }

    /// The parameter of that name, unless it is missing or empty.
    public Optional<String> optional(String name) {
        return parameters.one(name).filter(value -> !value.isEmpty());
    }

    /// @throws QueryException if it is missing or empty
    public String required(String name) throws QueryException {
        return optional(name)
                .orElseThrow(() ->
                        QueryException.invalid(
                                "1 validation error detected: Value at '%s' failed to"
                                                .formatted(lowerFirst(name))
                                        + " satisfy constraint: Member must not be null"));
    }

    /// A number of seconds within bounds.
    public int seconds(String name, int least, int most, int unlessGiven) throws QueryException {
        var given = optional(name);
        if (given.isEmpty()) {
            return unlessGiven;
        }
        int seconds;
        try {
            seconds = Integer.parseInt(given.get());
        } catch (NumberFormatException noNumber) {
            throw new QueryException(
                    "MalformedInput", 400, "%s must be a number of seconds.".formatted(name));
        }
        if (seconds < least) {
            throw outOfBounds(name, seconds, "greater than or equal to " + least);
        }
        if (seconds > most) {
            throw outOfBounds(name, seconds, "less than or equal to " + most);
        }
        return seconds;
    }

    /// Refuses parameters that are none of these. One that is left unheeded could be one that was
    /// to make the answer worth less, such as `Policy`.
    public void onlyWith(Set<String> names) throws QueryException {
        for (Parameter each : parameters.all()) {
            var name = each.name();
            if (!names.contains(name)
                    && !name.equals("Action")
                    && !name.equals("Version")
                    && !name.startsWith(SIGNATURE_PREFIX)) {
                throw QueryException.invalid(
                        "Parameter '%s' is not supported here.".formatted(shown(name)));
            }
        }
    }

    private static QueryException outOfBounds(String name, int value, String bound) {
        return QueryException.invalid(
                ("1 validation error detected: Value '%d' at '%s' failed to satisfy constraint:"
                                + " Member must have value %s")
                        .formatted(value, lowerFirst(name), bound));
    }

    private static String lowerFirst(String name) {
        return Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }

    private static String shown(String text) {
        return text.length() <= 64 ? text : text.substring(0, 64) + "…";
    }
}
