package dev.monopod.eks.sts;

import dev.monopod.eks.identity.Caller;
import dev.monopod.eks.identity.IdentityUnavailableException;
import dev.monopod.eks.identity.SessionCredentials;
import dev.monopod.eks.identity.Sessions;
import dev.monopod.eks.query.Element;
import dev.monopod.eks.query.QueryAnswers;
import dev.monopod.eks.query.QueryCall;
import dev.monopod.eks.query.QueryException;
import dev.monopod.eks.signature.SignatureVerifier;
import dev.monopod.eks.signature.Verdict.Refused;
import dev.monopod.eks.signature.Verdict.Signed;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiResponse;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// The operations of STS, by form and by query: `GetCallerIdentity`, `GetSessionToken`,
/// `AssumeRole` and `AssumeRoleWithWebIdentity`.
///
/// Every request is signed, but for the last operation's, whose token is its proof. A parameter
/// that is not understood is refused: one that narrows what a session may do must not be left out.
/// A role's trust policy alone decides who may act as it, since users have no policies of their own
/// here. Any thread may call.
public final class StsApi {
    private static final String VERSION = "2011-06-15";
    private static final QueryAnswers ANSWERS =
            new QueryAnswers("https://sts.amazonaws.com/doc/2011-06-15/");

    private static final int DURATION_SECONDS_MIN = 900;
    private static final int SESSION_SECONDS_MAX = 129_600;
    private static final int ROLE_SECONDS_MAX = 43_200;
    private static final int CHAINED_SECONDS_MAX = 3_600;
    private static final Pattern SESSION_NAME = Pattern.compile("[\\w+=,.@-]{2,64}");
    private static final Pattern EXTERNAL_ID = Pattern.compile("[\\w+=,.@:/-]{2,1224}");

    private static final String DURATION = "DurationSeconds";
    private static final String ROLE = "RoleArn";
    private static final String SESSION = "RoleSessionName";

    private final SignatureVerifier signatures;
    private final Sessions sessions;
    private final Roles roles;
    private final WebIdentities identities;

    public StsApi(
            SignatureVerifier signatures,
            Sessions sessions,
            Roles roles,
            IdentityProviders providers) {
        this.signatures = signatures;
        this.sessions = sessions;
        this.roles = roles;
        this.identities = new WebIdentities(providers);
    }

    /// @param requestId of the answer, as its headers have it
    public ApiResponse handle(ApiRequest request, Instant now, String requestId) {
        boolean json =
                request.header("accept")
                        .map(accept -> accept.toLowerCase(Locale.ROOT))
                        .filter(accept -> accept.contains("application/json"))
                        .isPresent();
        try {
            var call = QueryCall.of(request);
            var action = call.action(VERSION);
            var result = result(action, call, request, now);
            return json
                    ? ANSWERS.json(action, requestId, result)
                    : ANSWERS.xml(action, requestId, result);
        } catch (IdentityUnavailableException unavailable) {
            return error(QueryException.unavailable(), json, requestId);
        } catch (QueryException error) {
            return error(error, json, requestId);
        }
    }

    private static ApiResponse error(QueryException error, boolean json, String requestId) {
        return json ? ANSWERS.jsonError(error, requestId) : ANSWERS.error(error, requestId);
    }

    private Element result(String action, QueryCall call, ApiRequest request, Instant now)
            throws QueryException {
        return switch (action) {
            case "GetCallerIdentity" -> callerIdentity(call, caller(request, now));
            case "GetSessionToken" -> sessionToken(call, caller(request, now), now);
            case "AssumeRole" -> assumeRole(call, caller(request, now), now);
            case "AssumeRoleWithWebIdentity" -> assumeRoleWithWebIdentity(call, now);
            default -> throw QueryCall.unknown(action, VERSION);
        };
    }

    private Signed caller(ApiRequest request, Instant now) throws QueryException {
        return switch (signatures.verify(request, now, "sts")) {
            case Signed signed -> signed;
            case Refused refused -> throw QueryException.of(refused);
        };
    }

    private static Element callerIdentity(QueryCall call, Signed signed) throws QueryException {
        call.onlyWith(Set.of());
        var caller = signed.caller();
        return Element.of(
                "GetCallerIdentityResult",
                Element.of("Arn", caller.arn()),
                Element.of("UserId", caller.userId()),
                Element.of("Account", caller.accountId()));
    }

    private Element sessionToken(QueryCall call, Signed signed, Instant now) throws QueryException {
        if (signed.key().expires().isPresent()) {
            throw new QueryException(
                    "AccessDenied", 403, "Cannot call GetSessionToken with session credentials");
        }
        call.onlyWith(Set.of(DURATION));
        int seconds =
                call.seconds(DURATION, DURATION_SECONDS_MIN, SESSION_SECONDS_MAX, ROLE_SECONDS_MAX);
        var caller = signed.caller();
        return Element.of(
                "GetSessionTokenResult",
                credentials(
                        sessions.begin(
                                caller.accountId(),
                                caller.arn(),
                                caller.userId(),
                                now.plusSeconds(seconds))));
    }

    private Element assumeRole(QueryCall call, Signed signed, Instant now) throws QueryException {
        var caller = signed.caller();
        call.onlyWith(Set.of(ROLE, SESSION, DURATION, "ExternalId"));
        var role = Role.of(call.required(ROLE));
        var session = sessionName(call);
        int seconds = roleSeconds(call);
        if (caller.arn().contains(":assumed-role/") && seconds > CHAINED_SECONDS_MAX) {
            throw QueryException.invalid(
                    "The requested DurationSeconds exceeds the 1 hour session limit for roles"
                            + " assumed by role chaining.");
        }
        var principal = new Principal.Aws(caller.accountId(), caller.arn());
        if (!trusts(role, "sts:AssumeRole", principal, context(call, caller, session))) {
            throw new QueryException(
                    "AccessDenied",
                    403,
                    "User: %s is not authorized to perform: sts:AssumeRole on resource: %s"
                            .formatted(caller.arn(), role.arn()));
        }
        return Element.of(
                "AssumeRoleResult",
                credentials(begin(role, session, now.plusSeconds(seconds))),
                assumedRoleUser(role, session));
    }

    private Element assumeRoleWithWebIdentity(QueryCall call, Instant now) throws QueryException {
        call.onlyWith(Set.of(ROLE, SESSION, DURATION, "WebIdentityToken"));
        var role = Role.of(call.required(ROLE));
        var session = sessionName(call);
        int seconds = roleSeconds(call);
        var identity = identities.verify(call.required("WebIdentityToken"), now);
        var provider = identity.provider();
        Map<String, String> context = new HashMap<>(identity.context());
        context.put("sts:RoleSessionName", session);
        boolean trusted =
                provider.accountId().equals(role.accountId())
                        && trusts(
                                role,
                                "sts:AssumeRoleWithWebIdentity",
                                new Principal.Federated(provider.arn()),
                                context);
        if (!trusted) {
            throw new QueryException(
                    "AccessDenied", 403, "Not authorized to perform sts:AssumeRoleWithWebIdentity");
        }
        return Element.of(
                "AssumeRoleWithWebIdentityResult",
                Element.of("SubjectFromWebIdentityToken", identity.subject()),
                Element.of("Audience", identity.audience()),
                assumedRoleUser(role, session),
                credentials(begin(role, session, now.plusSeconds(seconds))),
                Element.of("Provider", provider.arn()));
    }

    private boolean trusts(
            Role role, String action, Principal principal, Map<String, String> context) {
        return roles.find(role.arn())
                .filter(policy -> policy.allows(action, principal, context))
                .isPresent();
    }

    private static Map<String, String> context(QueryCall call, Caller caller, String session)
            throws QueryException {
        Map<String, String> context = new HashMap<>();
        context.put("sts:RoleSessionName", session);
        context.put("aws:PrincipalArn", Role.ofSession(caller.arn()).orElse(caller.arn()));
        context.put("aws:PrincipalAccount", caller.accountId());
        var externalId = call.optional("ExternalId");
        if (externalId.isPresent()) {
            check(EXTERNAL_ID, externalId.get(), "externalId");
            context.put("sts:ExternalId", externalId.get());
        }
        return context;
    }

    private SessionCredentials begin(Role role, String session, Instant expires) {
        return sessions.begin(
                role.accountId(), role.sessionArn(session), role.sessionId(session), expires);
    }

    private static String sessionName(QueryCall call) throws QueryException {
        var name = call.required(SESSION);
        check(SESSION_NAME, name, "roleSessionName");
        return name;
    }

    private static int roleSeconds(QueryCall call) throws QueryException {
        return call.seconds(DURATION, DURATION_SECONDS_MIN, ROLE_SECONDS_MAX, CHAINED_SECONDS_MAX);
    }

    private static void check(Pattern pattern, String value, String name) throws QueryException {
        if (!pattern.matcher(value).matches()) {
            throw QueryException.invalid(
                    ("1 validation error detected: Value at '%s' failed to satisfy constraint:"
                                    + " Member must satisfy regular expression pattern: %s")
                            .formatted(name, pattern.pattern()));
        }
    }

    private static Element assumedRoleUser(Role role, String session) {
        return Element.of(
                "AssumedRoleUser",
                Element.of("AssumedRoleId", role.sessionId(session)),
                Element.of("Arn", role.sessionArn(session)));
    }

    private static Element credentials(SessionCredentials credentials) {
        return Element.of(
                "Credentials",
                Element.of("AccessKeyId", credentials.accessKeyId()),
                Element.of("SecretAccessKey", credentials.secretAccessKey()),
                Element.of("SessionToken", credentials.sessionToken()),
                Element.of("Expiration", credentials.expiration().toString()));
    }
}
