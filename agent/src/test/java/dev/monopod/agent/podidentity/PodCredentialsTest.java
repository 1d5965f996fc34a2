package dev.monopod.agent.podidentity;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PodCredentialsTest {
    private static final String POD = "11111111-aaaa-bbbb-cccc-000000000001";
    private static final String OTHER = "22222222-aaaa-bbbb-cccc-000000000002";
    private static final String PATH = "/v1/credentials";
    private static final String ANSWER =
            """
            {"subject": {"namespace": "shop", "serviceAccount": "reader"},
             "assumedRoleUser": {"arn": "arn:aws:sts::111122223333:assumed-role/r/s", "assumeRoleId": "AROA:s"},
             "credentials": {"accessKeyId": "ASIAX", "secretAccessKey": "k", "sessionToken": "t", "expiration": 1795884447}}
            """;

    private final Controller controller = new Controller();
    private Instant now = Instant.parse("2026-11-28T12:00:00Z");
    private final PodCredentials credentials = new PodCredentials(controller, "c1", () -> now);

    /// Remembers what was asked.
    private static final class Controller implements EksAuth {
        private final List<String> asked = new ArrayList<>();
        private Map<String, String> headers = Map.of();
        private Answer answer = new Answer(200, "application/json", ANSWER.getBytes(UTF_8));
        private boolean away;

        @Override
        public Answer post(String path, Map<String, String> sent, byte[] body) throws IOException {
            if (away) {
                throw new IOException("connection refused");
            }
            asked.add(path + " " + new String(body, UTF_8));
            headers = sent;
            return answer;
        }
    }

    private static String token(String pod) {
        return "e30."
                + Base64.getUrlEncoder()
                        .withoutPadding()
                        .encodeToString(
                                "{\"kubernetes.io\":{\"pod\":{\"name\":\"p\",\"uid\":\"%s\"}}}"
                                        .formatted(pod)
                                        .getBytes(UTF_8))
                + ".c2ln";
    }

    private PodResponse get(String target, Map<String, String> headers) {
        return call("GET", target, headers, "");
    }

    private PodResponse call(
            String method, String target, Map<String, String> headers, String body) {
        Map<String, List<String>> all = new HashMap<>();
        all.put("host", List.of("169.254.170.23"));
        headers.forEach((name, value) -> all.put(name, List.of(value)));
        return credentials.answer(
                "m-" + POD, new PodRequest(method, target, all, body.getBytes(UTF_8)));
    }

    private static String text(PodResponse response) {
        return new String(response.body(), UTF_8);
    }

    @Test
    void turnsThePodsTokenIntoCredentialsAsSdksReadThem() {
        var response = get(PATH, Map.of("authorization", token(POD)));

        assertThat(text(response))
                .isEqualTo(
                        "{\"AccessKeyId\":\"ASIAX\",\"SecretAccessKey\":\"k\",\"Token\":\"t\",\"AccountId\":\"111122223333\",\"Expiration\":\"2026-11-28T16:47:27Z\"}");
        assertThat(response.status()).isEqualTo(200);
        assertThat(controller.asked)
                .containsExactly(
                        "/clusters/c1/assume-role-for-pod-identity {\"token\":\"%s\"}"
                                .formatted(token(POD)));
    }

    @Test
    void refusesTheTokenOfAnotherPodAndAsksNobody() {
        assertThat(get(PATH, Map.of("authorization", token(OTHER))).status()).isEqualTo(403);
        assertThat(controller.asked).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense", "a.b.c", "e30.e30.e30", "e30.bnVsbA.e30", "Bearer x"})
    void refusesWhatIsNoTokenOfAPod(String token) {
        assertThat(get(PATH, Map.of("authorization", token)).status()).isEqualTo(400);
        assertThat(get(PATH, Map.of()).status()).isEqualTo(400);
        assertThat(controller.asked).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/credentials/",
                "//v1/credentials",
                "/v1/../v1/credentials",
                "/v1/credentials?a=b",
                "/v1/%63redentials",
                "http://169.254.170.23/v1/credentials",
                "/latest/meta-data/iam/security-credentials/",
                "/",
                "*"
            })
    void knowsOnePath(String target) {
        assertThat(get(target, Map.of("authorization", token(POD))).status()).isEqualTo(404);
        assertThat(controller.asked).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "169.254.169.254",
                "evil.example",
                "",
                "192.168.0.4:9446",
                "x169.254.170.23"
            })
    void refusesWhoCallsItByAnotherName(String host) {
        assertThat(get(PATH, Map.of("host", host, "authorization", token(POD))).status())
                .isEqualTo(403);
    }

    @Test
    void ignoresThePortOfItsName() {
        assertThat(
                        get(PATH, Map.of("host", "169.254.170.23:80", "authorization", token(POD)))
                                .status())
                .isEqualTo(200);
    }

    @Test
    void tellsWhyTheControllerRefuses() {
        controller.answer =
                new EksAuth.Answer(
                        400, "application/json", "{\"message\":\"no such role\"}".getBytes(UTF_8));

        var response = get(PATH, Map.of("authorization", token(POD)));

        assertThat(response.status()).isEqualTo(400);
        assertThat(text(response)).isEqualTo("no such role");
    }

    /// Each request costs the API server a review of the token.
    @Test
    void holdsAPodThatAsksWithoutEndToAPaceAndNoOther() {
        var good = Map.of("authorization", token(POD));
        for (var i = 0; i < 3 * PodCredentials.REQUESTS_AT_ONCE; i++) {
            get(PATH, good);
        }

        assertThat(controller.asked).hasSize(PodCredentials.REQUESTS_AT_ONCE);
        assertThat(get(PATH, good).status()).isEqualTo(429);
        var other =
                new PodRequest(
                        "GET",
                        PATH,
                        Map.of(
                                "host",
                                List.of("169.254.170.23"),
                                "authorization",
                                List.of(token(OTHER))),
                        new byte[0]);
        assertThat(credentials.answer("m-" + OTHER, other).status()).isEqualTo(200);

        now = now.plusMillis(100);
        assertThat(get(PATH, good).status()).isEqualTo(200);
        assertThat(get(PATH, good).status()).isEqualTo(429);
    }

    @Test
    void saysTryAgainWhileTheControllerIsAway() {
        controller.away = true;

        assertThat(get(PATH, Map.of("authorization", token(POD))).status()).isEqualTo(503);
    }

    @Test
    void passesACallOfStsOnWithWhatItsSignatureIsOver() {
        controller.answer = new EksAuth.Answer(403, "text/xml", "<E/>".getBytes(UTF_8));

        var response =
                call(
                        "POST",
                        "/",
                        Map.of(
                                "content-type",
                                "application/x-www-form-urlencoded",
                                "authorization",
                                "AWS4-HMAC-SHA256 x",
                                "x-amz-date",
                                "20261128T000000Z",
                                "x-forwarded-for",
                                "1.2.3.4"),
                        "Action=GetCallerIdentity");

        assertThat(response.status()).isEqualTo(403);
        assertThat(text(response)).isEqualTo("<E/>");
        assertThat(controller.asked).containsExactly("/ Action=GetCallerIdentity");
        assertThat(controller.headers)
                .containsOnly(
                        Map.entry("X-Monopod-Host", "169.254.170.23"),
                        Map.entry("content-type", "application/x-www-form-urlencoded"),
                        Map.entry("authorization", "AWS4-HMAC-SHA256 x"),
                        Map.entry("x-amz-date", "20261128T000000Z"));
    }

    /// The SDK for Java signs a header of its own, those for other languages sign others.
    @Test
    void passesOnWhateverHeadersASignatureNamesButThoseOfTheWay() {
        controller.answer = new EksAuth.Answer(200, "text/xml", "<A/>".getBytes(UTF_8));
        var signature =
                "AWS4-HMAC-SHA256 Credential=k/20261128/us-west-2/sts/aws4_request,"
                        + " SignedHeaders=amz-sdk-invocation-id;connection;content-length;host"
                        + ";x-monopod-host;x-none, Signature=0";

        call(
                "POST",
                "/",
                Map.of(
                        "authorization",
                        signature,
                        "amz-sdk-invocation-id",
                        "one",
                        "amz-sdk-request",
                        "attempt=1",
                        "connection",
                        "close",
                        "content-length",
                        "0",
                        "x-monopod-host",
                        "sts.amazonaws.com"),
                "");

        assertThat(controller.headers)
                .containsOnly(
                        Map.entry("X-Monopod-Host", "169.254.170.23"),
                        Map.entry("authorization", signature),
                        Map.entry("amz-sdk-invocation-id", "one"));
    }
}
