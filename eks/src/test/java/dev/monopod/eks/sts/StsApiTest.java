package dev.monopod.eks.sts;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.eks.identity.AccessKey;
import dev.monopod.eks.identity.Caller;
import dev.monopod.eks.identity.IdentityUnavailableException;
import dev.monopod.eks.identity.Sessions;
import dev.monopod.eks.identity.UsersAndSessions;
import dev.monopod.eks.query.Answer;
import dev.monopod.eks.query.Signer;
import dev.monopod.eks.signature.SignatureVerifier;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiRequest.Header;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StsApiTest {
    private static final Instant NOW = Instant.parse("2026-11-29T09:00:00Z");
    private static final String VERSION = "&Version=2011-06-15";
    private static final String ANNA = "arn:aws:iam::111122223333:user/anna";
    private static final AccessKey KEY =
            new AccessKey(
                    "AKIAAAAAAAAAAAAAAAAA",
                    "secret",
                    new Caller("AKIAAAAAAAAAAAAAAAAA", "111122223333", ANNA, "AIDAX"));
    private static final String ROLE = "arn:aws:iam::111122223333:role/path/admin";
    private static final String ASSUME =
            "Action=AssumeRole&RoleSessionName=anna%40home&RoleArn=" + ROLE + VERSION;

    private static Issuer issuer;

    private final Map<String, TrustPolicy> roles = new HashMap<>();
    private final Sessions sessions = new Sessions(() -> new byte[32], new Random(1));
    private final StsApi api =
            new StsApi(
                    new SignatureVerifier(
                            new UsersAndSessions(
                                    (id, token) ->
                                            id.equals(KEY.id())
                                                    ? Optional.of(KEY)
                                                    : Optional.empty(),
                                    sessions),
                            "us-west-2"),
                    sessions,
                    arn -> Optional.ofNullable(roles.get(arn)),
                    url ->
                            url.equals(Issuer.URL)
                                    ? Optional.of(issuer.provider())
                                    : Optional.empty());

    @BeforeAll
    static void makeKeys() throws GeneralSecurityException {
        issuer = new Issuer();
    }

    @Test
    void saysWhoCalls() {
        var answer = call("Action=GetCallerIdentity" + VERSION);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.root()).isEqualTo("GetCallerIdentityResponse");
        assertThat(answer.namespace()).isEqualTo("https://sts.amazonaws.com/doc/2011-06-15/");
        assertThat(answer.text("Arn")).isEqualTo(ANNA);
        assertThat(answer.text("UserId")).isEqualTo("AIDAX");
        assertThat(answer.text("Account")).isEqualTo("111122223333");
        assertThat(answer.text("RequestId")).isEqualTo("request-1");
    }

    @Test
    void saysWhoCallsWithJsonToWhoAsksForIt() {
        var request =
                signer(KEY, Optional.empty())
                        .post(
                                "Action=GetCallerIdentity" + VERSION,
                                new Header("Accept", "application/json"));

        var response = api.handle(request, NOW, "request-1");

        assertThat(new String(response.body(), StandardCharsets.UTF_8))
                .isEqualTo(
                        "{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\":{\"Arn\":\""
                                + ANNA
                                + "\",\"UserId\":\"AIDAX\",\"Account\":\"111122223333\"},"
                                + "\"ResponseMetadata\":{\"RequestId\":\"request-1\"}}}");
        assertThat(response.headers()).containsEntry("Content-Type", "application/json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"GetCallerIdentity", "GetSessionToken", "AssumeRole"})
    void saysNothingToWhoHasNotSigned(String action) {
        var answer = unsigned("Action=" + action + VERSION);

        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.root()).isEqualTo("ErrorResponse");
        assertThat(answer.text("Code")).isEqualTo("MissingAuthenticationToken");
        assertThat(answer.text("Type")).isEqualTo("Sender");
    }

    @Test
    void givesAUserASessionThatIsTheSameUser() {
        var begun = call("Action=GetSessionToken&DurationSeconds=900" + VERSION);

        assertThat(begun.text("Expiration")).isEqualTo("2026-11-29T09:15:00Z");
        assertThat(as(begun, "Action=GetCallerIdentity" + VERSION, NOW).text("Arn"))
                .isEqualTo(ANNA);
        assertThat(
                        as(begun, "Action=GetCallerIdentity" + VERSION, NOW.plusSeconds(900))
                                .text("Code"))
                .isEqualTo("ExpiredToken");
        assertThat(as(begun, "Action=GetSessionToken" + VERSION, NOW).text("Code"))
                .isEqualTo("AccessDenied");
    }

    @ParameterizedTest
    @CsvSource({
        "GetSessionToken, '', 43200",
        "GetSessionToken, 129600, 129600",
        "AssumeRole, '', 3600",
        "AssumeRole, 43200, 43200",
        "AssumeRole, 900, 900"
    })
    void givesSessionsTheirTime(String action, String asked, long given) throws Exception {
        trust("{\"AWS\": \"111122223333\"}");
        var form = action.equals("AssumeRole") ? ASSUME : "Action=" + action + VERSION;

        var answer = call(form + (asked.isEmpty() ? "" : "&DurationSeconds=" + asked));

        assertThat(answer.text("Expiration")).isEqualTo(NOW.plusSeconds(given).toString());
    }

    @ParameterizedTest
    @CsvSource({
        "GetSessionToken, 899",
        "GetSessionToken, 129601",
        "GetSessionToken, -1",
        "AssumeRole, 899",
        "AssumeRole, 43201"
    })
    void refusesATimeOutOfBounds(String action, int seconds) throws Exception {
        trust("{\"AWS\": \"111122223333\"}");
        var form = action.equals("AssumeRole") ? ASSUME : "Action=" + action + VERSION;

        refused(call(form + "&DurationSeconds=" + seconds), "ValidationError", 400);
        refused(call(form + "&DurationSeconds=x"), "MalformedInput", 400);
    }

    @Test
    void letsAUserActAsARoleThatTrustsIt() throws Exception {
        trust("{\"AWS\": \"%s\"}".formatted(ANNA));

        var begun = call(ASSUME);

        var session = "arn:aws:sts::111122223333:assumed-role/admin/anna@home";
        assertThat(begun.root()).isEqualTo("AssumeRoleResponse");
        assertThat(begun.text("Arn")).isEqualTo(session);
        assertThat(begun.text("AssumedRoleId")).matches("AROA[A-Z2-7]{16}:anna@home");
        var identity = as(begun, "Action=GetCallerIdentity" + VERSION, NOW);
        assertThat(identity.text("Arn")).isEqualTo(session);
        assertThat(identity.text("UserId")).isEqualTo(begun.text("AssumedRoleId"));
    }

    @Test
    void letsNobodyActAsARoleThatTrustsAnotherOrThatThereIsNot() throws Exception {
        refused(call(ASSUME), "AccessDenied", 403);
        trust("{\"AWS\": \"arn:aws:iam::111122223333:user/berta\"}");

        var answer = call(ASSUME);

        refused(answer, "AccessDenied", 403);
        assertThat(answer.text("Message"))
                .isEqualTo(
                        "User: %s is not authorized to perform: sts:AssumeRole on resource: %s"
                                .formatted(ANNA, ROLE));
    }

    @Test
    void letsASessionOfARoleActAsAnotherForAnHour() throws Exception {
        trust("{\"AWS\": [\"%s\", \"arn:aws:iam::111122223333:role/admin\"]}".formatted(ANNA));
        var begun = call(ASSUME);

        assertThat(as(begun, ASSUME, NOW).status()).isEqualTo(200);
        refused(as(begun, ASSUME + "&DurationSeconds=3601", NOW), "ValidationError", 400);
    }

    @Test
    void asksForTheExternalIdThatARoleWants() throws Exception {
        trust("{\"AWS\": \"111122223333\"}", "{\"StringEquals\": {\"sts:ExternalId\": \"x1\"}}");

        assertThat(call(ASSUME + "&ExternalId=x1").status()).isEqualTo(200);
        refused(call(ASSUME + "&ExternalId=x2"), "AccessDenied", 403);
        refused(call(ASSUME), "AccessDenied", 403);
    }

    @Test
    void tellsATrustPolicyTheRoleOfASession() throws Exception {
        trust(
                "\"*\"",
                "{\"StringEquals\": {\"aws:PrincipalArn\": [\"%s\", \"%s\"]}}"
                        .formatted(ANNA, "arn:aws:iam::111122223333:role/admin"));

        assertThat(as(call(ASSUME), ASSUME, NOW).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Policy=%7B%7D",
                "PolicyArns.member.1.arn=x",
                "Tags.member.1.Key=a",
                "SerialNumber=x",
                "SourceIdentity=x",
                "RoleSessionName=twice",
                "DurationSeconds=900&DurationSeconds=901"
            })
    void refusesAParameterThatItCannotHeed(String parameter) throws Exception {
        trust("{\"AWS\": \"111122223333\"}");

        refused(call(ASSUME + "&" + parameter), "ValidationError", 400);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "RoleSessionName=a",
                "RoleSessionName=a%20b",
                "RoleSessionName=a/b",
                "RoleSessionName="
                        + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "RoleSessionName="
            })
    void refusesANameThatNoSessionHas(String name) throws Exception {
        trust("{\"AWS\": \"111122223333\"}");

        refused(call(ASSUME.replace("RoleSessionName=anna%40home", name)), "ValidationError", 400);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "arn:aws:iam::111122223333:user/a",
                "arn:aws:iam::1:role/a",
                "arn:aws:iam::111122223333:role/",
                "arn:aws:iam::111122223333:role/a%0A"
            })
    void refusesWhatIsNoRole(String arn) {
        refused(call(ASSUME.replace(ROLE, arn)), "ValidationError", 400);
    }

    @Test
    void letsAServiceAccountActAsARoleWithoutASignature() throws Exception {
        trustServiceAccount();

        var begun = unsigned(webIdentity(token("system:serviceaccount:a:b")));

        assertThat(begun.status()).isEqualTo(200);
        assertThat(begun.root()).isEqualTo("AssumeRoleWithWebIdentityResponse");
        assertThat(begun.text("SubjectFromWebIdentityToken"))
                .isEqualTo("system:serviceaccount:a:b");
        assertThat(begun.text("Audience")).isEqualTo("sts.amazonaws.com");
        assertThat(begun.text("Provider"))
                .isEqualTo("arn:aws:iam::111122223333:oidc-provider/issuer.example/c1");
        assertThat(as(begun, "Action=GetCallerIdentity" + VERSION, NOW).text("Arn"))
                .isEqualTo("arn:aws:sts::111122223333:assumed-role/admin/pod");
    }

    @Test
    void letsNoOtherServiceAccountActAsIt() throws Exception {
        trustServiceAccount();

        refused(unsigned(webIdentity(token("system:serviceaccount:a:c"))), "AccessDenied", 403);
        refused(unsigned(webIdentity("x")), "InvalidIdentityToken", 400);
    }

    @Test
    void letsNoServiceAccountActAsARoleOfAnotherAccount() throws Exception {
        var other = ROLE.replace("111122223333", "444455556666");
        trustServiceAccount();
        roles.put(other, roles.get(ROLE));

        refused(
                unsigned(webIdentity(token("system:serviceaccount:a:b")).replace(ROLE, other)),
                "AccessDenied",
                403);
    }

    @Test
    void takesNoTokenOfAServiceAccountForASignature() throws Exception {
        trust("\"*\"");

        refused(
                unsigned(ASSUME + "&WebIdentityToken=" + token("system:serviceaccount:a:b")),
                "MissingAuthenticationToken",
                403);
    }

    @Test
    void knowsNoOtherOperationOrVersion() {
        var unknown = call("Action=GetFederationToken" + VERSION);

        refused(unknown, "InvalidAction", 400);
        assertThat(unknown.text("Message"))
                .isEqualTo("Could not find operation GetFederationToken for version 2011-06-15");
        refused(call("Action=GetCallerIdentity&Version=2010-05-08"), "InvalidAction", 400);
        refused(call("Action=GetCallerIdentity"), "InvalidAction", 400);
        refused(call("Version=2011-06-15"), "MissingAction", 400);
        refused(call("Action=%zz"), "MalformedQueryString", 400);
    }

    @Test
    void servesTheRootAloneAndTwoMethods() {
        var request = signer(KEY, Optional.empty()).post("Action=GetCallerIdentity" + VERSION);
        var body = request.body();

        assertThat(answer(new ApiRequest("POST", "/x", "", List.of(), body)).status())
                .isEqualTo(404);
        assertThat(answer(new ApiRequest("PUT", "/", "", List.of(), body)).status()).isEqualTo(405);
    }

    @Test
    void tellsAnOutageFromARefusal() throws Exception {
        var unavailable =
                new StsApi(
                        new SignatureVerifier((id, token) -> Optional.of(KEY), "us-west-2"),
                        sessions,
                        arn -> {
                            throw new IdentityUnavailableException("gone", new IOException());
                        },
                        url -> Optional.empty());

        var answer =
                Answer.of(
                        unavailable.handle(
                                signer(KEY, Optional.empty()).post(ASSUME), NOW, "request-1"));

        refused(answer, "ServiceUnavailable", 503);
        assertThat(answer.text("Type")).isEqualTo("Receiver");
    }

    private void trust(String principal) throws MalformedPolicyException {
        trust(principal, "{}");
    }

    private void trust(String principal, String condition) throws MalformedPolicyException {
        roles.put(
                ROLE,
                TrustPolicy.parse(
                        """
                        {"Statement": {"Effect": "Allow", "Principal": %s, "Condition": %s,
                         "Action": ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"]}}
                        """
                                .formatted(principal, condition)));
    }

    private void trustServiceAccount() throws MalformedPolicyException {
        trust(
                "{\"Federated\":"
                        + " \"arn:aws:iam::111122223333:oidc-provider/issuer.example/c1\"}",
                "{\"StringEquals\": {\"issuer.example/c1:sub\": \"system:serviceaccount:a:b\","
                        + " \"issuer.example/c1:aud\": \"sts.amazonaws.com\"}}");
    }

    private static String token(String subject) {
        return issuer.rs256(
                """
                {"iss": "https://issuer.example/c1", "sub": "%s", "aud": ["sts.amazonaws.com"],
                 "exp": %d}
                """
                        .formatted(subject, NOW.getEpochSecond() + 60));
    }

    private static String webIdentity(String token) {
        return "Action=AssumeRoleWithWebIdentity&RoleSessionName=pod&RoleArn="
                + ROLE
                + VERSION
                + "&WebIdentityToken="
                + URLEncoder.encode(token, StandardCharsets.UTF_8);
    }

    private static Signer signer(AccessKey key, Optional<String> token) {
        return new Signer("sts", key, token, NOW);
    }

    private Answer call(String form) {
        return answer(signer(KEY, Optional.empty()).post(form));
    }

    /// Calls with the credentials that an answer gave.
    private Answer as(Answer begun, String form, Instant now) {
        var key =
                new AccessKey(
                        begun.text("AccessKeyId"), begun.text("SecretAccessKey"), KEY.caller());
        var signer = new Signer("sts", key, Optional.of(begun.text("SessionToken")), now);
        return Answer.of(api.handle(signer.post(form), now, "request-1"));
    }

    private Answer unsigned(String form) {
        return answer(
                new ApiRequest("POST", "/", "", List.of(), form.getBytes(StandardCharsets.UTF_8)));
    }

    private Answer answer(ApiRequest request) {
        return Answer.of(api.handle(request, NOW, "request-1"));
    }

    private static void refused(Answer answer, String code, int status) {
        assertThat(answer.text("Code")).isEqualTo(code);
        assertThat(answer.status()).isEqualTo(status);
    }
}
