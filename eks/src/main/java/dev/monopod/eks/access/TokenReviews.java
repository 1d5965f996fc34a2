package dev.monopod.eks.access;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.monopod.eks.access.Mapping.Mapped;
import dev.monopod.eks.access.Mapping.Unmapped;
import dev.monopod.eks.identity.Caller;
import java.net.HttpURLConnection;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/// Answers the API server's webhook of tokens, as the aws-iam-authenticator does. Pure.
public final class TokenReviews {
    private static final String KIND = "TokenReview";
    private static final Set<String> VERSIONS =
            Set.of("authentication.k8s.io/v1", "authentication.k8s.io/v1beta1");
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private TokenReviews() {}

    /// What a token says.
    public sealed interface Token {
        /// It is this caller's.
        record Valid(Caller caller) implements Token {}

        /// It is nobody's.
        ///
        /// @param reason for the administrator; no part of the token
        record Invalid(String reason) implements Token {}
    }

    /// @param status of HTTP
    public record Answer(int status, JsonNode body) {}

    /// 200 with the user; 403, as the authenticator says it, if the token is not valid or its
    /// caller nobody here; 400 if it is no review. In the version asked.
    ///
    /// @param verifier is asked once, and only with a token
    public static Answer answer(
            JsonNode review, Function<String, Token> verifier, Function<Caller, Mapping> mapping) {
        var version = review.path("apiVersion").asText();
        var token = review.path("spec").path("token");
        if (!VERSIONS.contains(version)
                || !review.path("kind").asText().equals(KIND)
                || !token.isTextual()) {
            return new Answer(
                    HttpURLConnection.HTTP_BAD_REQUEST,
                    denied(
                            VERSIONS.contains(version) ? version : "authentication.k8s.io/v1",
                            "expected a TokenReview with a token, of " + VERSIONS));
        }
        return switch (verifier.apply(token.textValue())) {
            case Token.Invalid(String reason) ->
                    new Answer(HttpURLConnection.HTTP_FORBIDDEN, denied(version, reason));
            case Token.Valid(Caller caller) ->
                    switch (mapping.apply(caller)) {
                        case Unmapped(String reason) ->
                                new Answer(
                                        HttpURLConnection.HTTP_FORBIDDEN, denied(version, reason));
                        case Mapped user ->
                                new Answer(HttpURLConnection.HTTP_OK, granted(version, user));
                    };
        };
    }

    private static JsonNode denied(String version, String reason) {
        var body = review(version);
        body.putObject("status").put("authenticated", false).put("error", reason);
        return body;
    }

    private static JsonNode granted(String version, Mapped mapped) {
        var body = review(version);
        var status = body.putObject("status").put("authenticated", true);
        var user =
                status.putObject("user")
                        .put("username", mapped.username())
                        .put("uid", mapped.uid());
        var groups = user.putArray("groups");
        mapped.groups().forEach(groups::add);
        var extra = user.putObject("extra");
        new TreeMap<>(mapped.extra())
                .forEach((key, values) -> {
                    var list = extra.putArray(key);
                    values.forEach(list::add);
                });
        return body;
    }

    private static ObjectNode review(String version) {
        return NODES.objectNode().put("apiVersion", version).put("kind", KIND);
    }
}
