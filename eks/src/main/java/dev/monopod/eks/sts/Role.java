package dev.monopod.eks.sts;

import dev.monopod.eks.identity.Identifiers;
import dev.monopod.eks.query.QueryException;
import java.util.Optional;
import java.util.regex.Pattern;

/// A role, by its ARN.
///
/// @param name without the path
record Role(String arn, String partition, String accountId, String name) {
    private static final int CHARACTERS_MAX = 2048;
    private static final Pattern ARN =
            Pattern.compile(
                    "arn:(aws[a-z0-9-]*):iam::(\\d{12}):role/(?:[!-~]+/)?([\\w+=,.@-]{1,64})");

    private static final Pattern SESSION_ARN =
            Pattern.compile("arn:(aws[a-z0-9-]*):sts::(\\d{12}):assumed-role/([^/]+)/[^/]+");

    /// The ARN of the role of a session, without its path; empty of who is none.
    static Optional<String> ofSession(String arn) {
        var matcher = SESSION_ARN.matcher(arn);
        return matcher.matches()
                ? Optional.of(
                        "arn:%s:iam::%s:role/%s"
                                .formatted(matcher.group(1), matcher.group(2), matcher.group(3)))
                : Optional.empty();
    }

    static Role of(String arn) throws QueryException {
        return parse(arn)
                .orElseThrow(
                        () -> QueryException.invalid("Value at 'roleArn' is no ARN of a role."));
    }

    static Optional<Role> parse(String arn) {
        var matcher = ARN.matcher(arn);
        return arn.length() <= CHARACTERS_MAX && matcher.matches()
                ? Optional.of(new Role(arn, matcher.group(1), matcher.group(2), matcher.group(3)))
                : Optional.empty();
    }

    /// Who acts as this role in a session; a session's ARN has no path.
    String sessionArn(String session) {
        return "arn:%s:sts::%s:assumed-role/%s/%s".formatted(partition, accountId, name, session);
    }

    String sessionId(String session) {
        return Identifiers.derived("AROA", arn) + ":" + session;
    }
}
