package dev.monopod.eks.signature;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.eks.identity.AccessKey;
import dev.monopod.eks.identity.AccessKeys;
import dev.monopod.eks.identity.Caller;
import dev.monopod.eks.signature.Verdict.Refused;
import dev.monopod.eks.signature.Verdict.Signed;
import dev.monopod.eks.wire.ApiRequest;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Requests that the AWS CLI and the AWS SDK for Java sent, and each with one byte of it changed.
class CapturedSignatureTest {
    private static final Instant NOW = Instant.parse("2026-11-28T16:50:00Z");
    private static final AccessKey KEY =
            new AccessKey(
                    "AKIDEXAMPLE",
                    "secret",
                    new Caller("AKIDEXAMPLE", "111122223333", "arn:aws:iam::1:user/a", "AIDA"));
    private static final AccessKeys KEYS =
            (id, token) ->
                    id.equals(KEY.id()) && token.isEmpty() ? Optional.of(KEY) : Optional.empty();

    private final SignatureVerifier verifier = new SignatureVerifier(KEYS, "us-west-2");

    static Stream<Captured> captures() {
        return Stream.concat(
                Captured.of("awscli-1.46.3.jsonl"), Captured.of("java-sdk-2.57.8.jsonl"));
    }

    @Test
    void nineteenRequestsAreKept() {
        assertThat(captures()).hasSize(19);
    }

    @ParameterizedTest
    @MethodSource("captures")
    void verifiesWhatRealToolsSent(Captured captured) {
        assertThat(verify(captured.request())).isEqualTo(new Signed(KEY, "us-west-2"));
    }

    @ParameterizedTest
    @MethodSource("captures")
    void refusesAnotherMethod(Captured captured) {
        var method = captured.request().method();
        refusesAsMismatch(Changed.method(captured.request(), Changed.flip(method, 0)));
        refusesAsMismatch(Changed.method(captured.request(), "PATCH"));
    }

    @ParameterizedTest
    @MethodSource("captures")
    void refusesEveryOtherPath(Captured captured) {
        var path = captured.request().path();
        for (int i = 1; i < path.length(); i++) {
            refusesAsMismatch(Changed.path(captured.request(), Changed.flip(path, i)));
        }
        refusesAsMismatch(Changed.path(captured.request(), path + "/"));
        refusesAsMismatch(Changed.path(captured.request(), "/x" + path));
    }

    @ParameterizedTest
    @MethodSource("captures")
    void refusesAnUnescapedPath(Captured captured) {
        var path = captured.request().path();
        var unescaped = path.replace("%2F", "/").replace("%3A", ":");
        if (!unescaped.equals(path)) {
            refusesAsMismatch(Changed.path(captured.request(), unescaped));
        }
    }

    @ParameterizedTest
    @MethodSource("captures")
    void refusesEveryOtherQuery(Captured captured) {
        var query = captured.request().query();
        for (int i = 0; i < query.length(); i++) {
            refuses(Changed.query(captured.request(), Changed.flip(query, i)));
        }
        refusesAsMismatch(
                Changed.query(captured.request(), query.isEmpty() ? "a=b" : query + "&a=b"));
    }

    @ParameterizedTest
    @MethodSource("captures")
    void refusesEveryOtherSignedHeader(Captured captured) {
        var request = captured.request();
        for (String name : signedHeaders(request)) {
            var length = request.header(name).orElseThrow().length();
            for (int i = 0; i < length; i++) {
                int index = i;
                refuses(Changed.header(request, name, value -> Changed.flip(value, index)));
            }
            refuses(Changed.without(request, name));
            refuses(Changed.with(request, name, "x"));
        }
    }

    @ParameterizedTest
    @MethodSource("captures")
    void refusesEveryOtherBody(Captured captured) {
        var request = captured.request();
        for (int i = 0; i < request.body().length; i++) {
            refusesAsMismatch(Changed.body(request, Changed.flip(request.body(), i)));
        }
        refusesAsMismatch(
                Changed.body(request, Arrays.copyOf(request.body(), request.body().length + 1)));
    }

    @ParameterizedTest
    @MethodSource("captures")
    void refusesEveryOtherAuthorization(Captured captured) {
        var request = captured.request();
        var length = request.header("authorization").orElseThrow().length();
        for (int i = 0; i < length; i++) {
            int index = i;
            refuses(Changed.header(request, "authorization", value -> Changed.flip(value, index)));
        }
    }

    @ParameterizedTest
    @MethodSource("captures")
    void refusesAnotherSecret(Captured captured) {
        var other = new AccessKey(KEY.id(), "Secret", KEY.caller());
        var verdict =
                new SignatureVerifier((id, token) -> Optional.of(other), "us-west-2")
                        .verify(captured.request(), NOW, "eks");

        assertThat(verdict)
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused ->
                                assertThat(refused.code()).isEqualTo("InvalidSignatureException"));
    }

    private Verdict verify(ApiRequest request) {
        return verifier.verify(request, NOW, "eks");
    }

    private void refuses(ApiRequest request) {
        assertThat(verify(request)).isInstanceOf(Refused.class);
    }

    private void refusesAsMismatch(ApiRequest request) {
        assertThat(verify(request))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> {
                            assertThat(refused.code()).isEqualTo("InvalidSignatureException");
                            assertThat(refused.status()).isEqualTo(403);
                        });
    }

    private static List<String> signedHeaders(ApiRequest request) {
        var authorization = request.header("authorization").orElseThrow();
        return List.of(authorization.split("SignedHeaders=")[1].split(",")[0].split(";"));
    }
}
