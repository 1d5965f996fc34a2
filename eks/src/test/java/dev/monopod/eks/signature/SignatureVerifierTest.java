package dev.monopod.eks.signature;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.eks.identity.AccessKey;
import dev.monopod.eks.identity.AccessKeys;
import dev.monopod.eks.identity.Caller;
import dev.monopod.eks.identity.IdentityUnavailableException;
import dev.monopod.eks.signature.Verdict.Refused;
import dev.monopod.eks.signature.Verdict.Signed;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiRequest.Header;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Edge cases of Signature Version 4, of requests to STS on the day that AWS' examples have. The
/// signatures in `edges.jsonl` were made by a reference of some lines of Python, from texts to sign
/// that were written down by hand; botocore comes to the same ones.
class SignatureVerifierTest {
    private static final Instant SIGNED_AT = Instant.parse("2015-08-30T12:36:00Z");
    private static final String TOKEN = "AQoDYXdzEPT//////////wEXAMPLE";
    private static final Caller CALLER =
            new Caller("AKIDEXAMPLE", "111122223333", "arn:aws:iam::111122223333:user/a", "AIDA");
    private static final AccessKey KEY =
            new AccessKey("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", CALLER);
    private static final AccessKeys KEYS =
            (id, token) ->
                    id.equals(KEY.id()) && token.orElse(TOKEN).equals(TOKEN)
                            ? Optional.of(KEY)
                            : Optional.empty();

    private final SignatureVerifier verifier = new SignatureVerifier(KEYS, "us-west-2");

    static Stream<Captured> edges() {
        return Captured.of("edges.jsonl");
    }

    @ParameterizedTest
    @MethodSource("edges")
    void verifiesEdgeCase(Captured captured) {
        assertThat(verify(captured.request())).isEqualTo(new Signed(KEY, "us-east-1"));
    }

    @ParameterizedTest
    @MethodSource("edges")
    void refusesEdgeCaseForAnotherService(Captured captured) {
        assertThat(code(verifier.verify(captured.request(), SIGNED_AT, "cloudformation")))
                .isEqualTo("SignatureDoesNotMatch");
    }

    @Test
    void refusesAnotherOrderOfTheSameHeader() {
        var request = edge("duplicate headers are joined in order sent");
        List<Header> headers = new ArrayList<>(request.headers());
        headers.addFirst(headers.remove(2));

        refuses(Changed.headers(request, headers), "SignatureDoesNotMatch", 403);
    }

    @Test
    void refusesAnotherTokenWhetherSignedOrNot() {
        for (String name : List.of("session token signed", "session token added after")) {
            refuses(
                    Changed.header(
                            edge(name), "x-amz-security-token", token -> Changed.flip(token, 3)),
                    "InvalidClientTokenId",
                    403);
        }
    }

    @Test
    void refusesAPresignedRequestWithAnyByteOfItsQueryChanged() {
        var request = edge("presigned with a session token");
        for (int i = 0; i < request.query().length(); i++) {
            assertThat(verify(Changed.query(request, Changed.flip(request.query(), i))))
                    .as("byte %s", i)
                    .isInstanceOf(Refused.class);
        }
    }

    @Test
    void refusesAPresignedRequestWithMoreInItsQuery() {
        var request = edge("presigned");

        refuses(Changed.query(request, request.query() + "&a=b"), "SignatureDoesNotMatch", 403);
        refuses(
                Changed.query(request, request.query() + "&X-Amz-Date=20150830T123600Z"),
                "IncompleteSignature",
                400);
        refuses(
                Changed.query(request, request.query() + "&X-Amz-Signature=" + "0".repeat(64)),
                "IncompleteSignature",
                400);
    }

    @Test
    void refusesAPresignedRequestWithABody() {
        refuses(Changed.body(edge("presigned"), new byte[1]), "SignatureDoesNotMatch", 403);
    }

    @Test
    void refusesTwoSignatures() {
        var request = edge("presigned");
        var header = edge("date alone").header("authorization").orElseThrow();

        refuses(Changed.with(request, "Authorization", header), "IncompleteSignature", 400);
        refuses(
                Changed.with(edge("date alone"), "Authorization", header),
                "IncompleteSignature",
                400);
    }

    @Test
    void acceptsFifteenMinutesEitherWayAndNoSecondMore() {
        var skew = Duration.ofMinutes(15);
        for (var captured : edges().toList()) {
            var request = captured.request();
            for (var now : List.of(SIGNED_AT.plus(skew), SIGNED_AT.minus(skew))) {
                assertThat(verifier.verify(request, now, "sts")).isInstanceOf(Signed.class);
            }
            var late = verifier.verify(request, SIGNED_AT.plus(skew).plusSeconds(1), "sts");
            var early = verifier.verify(request, SIGNED_AT.minus(skew).minusSeconds(1), "sts");
            assertThat(late)
                    .isEqualTo(
                            new Refused(
                                    "SignatureDoesNotMatch",
                                    403,
                                    "Signature expired: 20150830T123600Z is now earlier than"
                                            + " 20150830T123601Z (20150830T125101Z - 15 min.)"));
            assertThat(code(early)).isEqualTo("SignatureDoesNotMatch");
        }
    }

    @Test
    void servesEveryRegionAsStsAndOneRegionAsAnyOther() {
        var captured = Captured.of("awscli-1.46.3.jsonl").findFirst().orElseThrow().request();
        AccessKeys keys = (id, token) -> Optional.of(new AccessKey(id, "secret", CALLER));
        var now = Instant.parse("2026-11-28T16:50:00Z");

        var here = new SignatureVerifier(keys, "us-west-2").verify(captured, now, "eks");
        var there = new SignatureVerifier(keys, "eu-west-1").verify(captured, now, "eks");

        assertThat(here).isInstanceOf(Signed.class);
        assertThat(code(there)).isEqualTo("InvalidSignatureException");
    }

    @Test
    void tellsUnsignedFromUnknownAndEachFamilyOfServicesInItsWords() {
        var request = edge("date alone");
        var unsigned = Changed.without(request, "authorization");
        var noKeys = new SignatureVerifier((id, token) -> Optional.empty(), "us-west-2");

        refuses(unsigned, "MissingAuthenticationToken", 403);
        assertThat(code(verifier.verify(unsigned, SIGNED_AT, "eks")))
                .isEqualTo("MissingAuthenticationTokenException");
        assertThat(code(noKeys.verify(request, SIGNED_AT, "sts")))
                .isEqualTo("InvalidClientTokenId");
        assertThat(
                        code(
                                noKeys.verify(
                                        Captured.of("awscli-1.46.3.jsonl")
                                                .findFirst()
                                                .orElseThrow()
                                                .request(),
                                        Instant.parse("2026-11-28T16:50:00Z"),
                                        "eks")))
                .isEqualTo("UnrecognizedClientException");
    }

    @Test
    void tellsAnExpiredSessionFromAnUnknownOne() {
        AccessKeys keys =
                (id, token) ->
                        Optional.of(
                                new AccessKey(id, KEY.secret(), CALLER, Optional.of(SIGNED_AT)));
        var expired = new SignatureVerifier(keys, "us-west-2");
        var request = edge("session token signed");

        assertThat(code(expired.verify(request, SIGNED_AT, "sts"))).isEqualTo("ExpiredToken");
        assertThat(expired.verify(request, SIGNED_AT.minusSeconds(1), "sts"))
                .isInstanceOf(Signed.class);
    }

    @Test
    void tellsAnOutageFromAnUnknownKey() {
        AccessKeys unavailable =
                (id, token) -> {
                    throw new IdentityUnavailableException("no API server", new IOException());
                };

        assertThat(
                        new SignatureVerifier(unavailable, "us-west-2")
                                .verify(edge("date alone"), SIGNED_AT, "sts"))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> {
                            assertThat(refused.code()).isEqualTo("ServiceUnavailable");
                            assertThat(refused.status()).isEqualTo(503);
                        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UNSIGNED-PAYLOAD",
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                "",
                "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"
            })
    void refusesABodyThatIsNotSignedAsAWhole(String hash) {
        refuses(
                Changed.with(edge("date alone"), "x-amz-content-sha256", hash),
                "SignatureDoesNotMatch",
                403);
    }

    @Test
    void refusesABodyInChunks() {
        refuses(
                Changed.with(edge("date alone"), "Content-Encoding", "gzip, AWS-chunked"),
                "SignatureDoesNotMatch",
                403);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Basic YTpi",
                "AWS4-HMAC-SHA256",
                "AWS4-HMAC-SHA256 ",
                "AWS4-ECDSA-P256-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=00",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE",
                "AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature=",
                "AWS4-HMAC-SHA256 Credential=a/20150830/b/sts/aws4_request, SignedHeaders=host,"
                        + " Signature=00",
                "AWS4-HMAC-SHA256 Credential=a/20150830/b/sts, SignedHeaders=host, Signature=00",
                "AWS4-HMAC-SHA256 Credential=a/20150830/b/sts/aws4_request,"
                        + " Credential=a/20150830/b/sts/aws4_request, SignedHeaders=host,"
                        + " Signature=00",
                "AWS4-HMAC-SHA256 Credential=a/20150830/b/sts/aws4_request,"
                        + " SignedHeaders=x-amz-date;host, Signature=00",
                "AWS4-HMAC-SHA256 Credential=a/20150830/b/sts/aws4_request,"
                        + " SignedHeaders=Host;X-Amz-Date, Signature=00",
                "AWS4-HMAC-SHA256 Credential=a/20150830/b/sts/aws4_request,"
                        + " SignedHeaders=host;host, Signature=00"
            })
    void refusesAnAuthorizationThatIsNoneOfVersionFour(String authorization) {
        refuses(
                Changed.header(edge("date alone"), "authorization", before -> authorization),
                "IncompleteSignature",
                400);
    }

    @Test
    void refusesASignatureThatDoesNotCoverTheHost() {
        var request =
                Changed.header(
                        edge("date alone"),
                        "authorization",
                        value -> value.replace("date;host", "date"));

        refuses(request, "SignatureDoesNotMatch", 403);
    }

    @Test
    void refusesARequestWithoutOneDate() {
        var request = edge("date alone");

        refuses(Changed.without(request, "date"), "IncompleteSignature", 400);
        refuses(Changed.header(request, "date", date -> "today"), "IncompleteSignature", 400);
        refuses(
                Changed.with(
                        Changed.with(request, "x-amz-date", "20150830T123600Z"),
                        "x-amz-date",
                        "20150830T123600Z"),
                "IncompleteSignature",
                400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a=%", "a=%4", "a=%zz", "a=%ff", "a=%c0%af"})
    void refusesABadlyEncodedQuery(String query) {
        refuses(Changed.query(edge("date alone"), query), "IncompleteSignature", 400);
    }

    @Test
    void refusesWhatIsTooLargeBeforeItIsRead() {
        var request = edge("date alone");
        var many = request;
        for (int i = 0; i < SignatureVerifier.HEADERS_MAX; i++) {
            many = Changed.with(many, "x-" + i, "");
        }

        refuses(many, "IncompleteSignature", 400);
        refuses(
                Changed.with(request, "x", "x".repeat(SignatureVerifier.HEADER_CHARACTERS_MAX)),
                "IncompleteSignature",
                400);
        refuses(
                Changed.path(request, "/".repeat(SignatureVerifier.TARGET_CHARACTERS_MAX + 1)),
                "IncompleteSignature",
                400);
    }

    @Test
    void neverShowsASecret() {
        assertThat(verify(edge("date alone")).toString())
                .contains("AKIDEXAMPLE")
                .doesNotContain(KEY.secret());
    }

    private static ApiRequest edge(String name) {
        return edges().filter(each -> each.name().equals(name)).findFirst().orElseThrow().request();
    }

    private Verdict verify(ApiRequest request) {
        return verifier.verify(request, SIGNED_AT, "sts");
    }

    private void refuses(ApiRequest request, String code, int status) {
        assertThat(verify(request))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> {
                            assertThat(refused.code()).isEqualTo(code);
                            assertThat(refused.status()).isEqualTo(status);
                        });
    }

    private static String code(Verdict verdict) {
        return switch (verdict) {
            case Signed signed -> "signed";
            case Refused refused -> refused.code();
        };
    }
}
