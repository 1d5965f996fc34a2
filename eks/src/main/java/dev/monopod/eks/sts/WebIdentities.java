package dev.monopod.eks.sts;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.eks.identity.IdentityUnavailableException;
import dev.monopod.eks.query.QueryException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;

/// Verifies tokens of identity providers: JSON Web Tokens signed by `RS256` or `ES256`, by a key of
/// the provider, for one of its audiences and no other, and not expired. Any thread may ask.
final class WebIdentities {
    private static final int CHARACTERS_MAX = 20_000;

    /// How far the provider's clock may be ahead of ours.
    private static final Duration AHEAD_MAX = Duration.ofMinutes(1);

    private static final ObjectMapper JSON =
            new ObjectMapper()
                    .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final IdentityProviders providers;

    WebIdentities(IdentityProviders providers) {
        this.providers = providers;
    }

    /// @throws QueryException if the token is not good, in the words and codes of STS
    WebIdentity verify(String token, Instant now) throws QueryException {
        var parts = List.of(token.split("\\.", -1));
        if (token.length() > CHARACTERS_MAX || parts.size() != 3) {
            throw invalid("The ID Token provided is not a valid JWT.");
        }
        var header = object(parts.get(0));
        var claims = object(parts.get(1));
        var provider = provider(text(claims, "iss"));
        checkSignature(header, parts, provider);
        checkTime(claims, now);
        return new WebIdentity(provider, text(claims, "sub"), audience(claims, provider));
    }

    private IdentityProvider provider(String issuer) throws QueryException {
        try {
            return providers
                    .find(issuer)
                    .filter(provider -> provider.issuer().equals(issuer))
                    .orElseThrow(() ->
                            invalid(
                                    "No OpenIDConnect provider found in your account for "
                                            + issuer));
        } catch (IdentityUnavailableException unavailable) {
            throw new QueryException(
                    "IDPCommunicationError",
                    400,
                    "The keys of the identity provider cannot be had at this time. Try again.");
        }
    }

    private static void checkSignature(
            JsonNode header, List<String> parts, IdentityProvider provider) throws QueryException {
        var algorithm = text(header, "alg");
        var java =
                switch (algorithm) {
                    case "RS256" -> "SHA256withRSA";
                    case "ES256" -> "SHA256withECDSAinP1363Format";
                    default -> throw invalid("The token must be signed by RS256 or ES256.");
                };
        if (header.has("crit")) {
            throw invalid("The token has critical headers, which are not supported.");
        }
        var key =
                JsonWebKeys.find(provider.keys(), text(header, "kid"), algorithm)
                        .orElseThrow(() ->
                                invalid(
                                        "Couldn't retrieve verification key from your"
                                                + " identity provider, please reference"
                                                + " AssumeRoleWithWebIdentity"
                                                + " documentation for requirements"));
        try {
            var signature = Signature.getInstance(java);
            signature.initVerify(key);
            signature.update(
                    (parts.get(0) + "." + parts.get(1)).getBytes(StandardCharsets.US_ASCII));
            if (!signature.verify(decoded(parts.get(2)))) {
                throw invalid("The signature of the token is not valid.");
            }
        } catch (GeneralSecurityException notSigned) {
            throw invalid("The signature of the token is not valid.");
        }
    }

    private static void checkTime(JsonNode claims, Instant now) throws QueryException {
        long seconds = now.getEpochSecond();
        long expires = number(claims, "exp");
        if (expires <= seconds) {
            throw new QueryException(
                    "ExpiredTokenException",
                    400,
                    "Token expired: current date/time %d must be before the expiration date/time %d"
                            .formatted(seconds, expires));
        }
        if (claims.has("nbf") && number(claims, "nbf") > seconds + AHEAD_MAX.toSeconds()) {
            throw invalid("The token is not valid yet.");
        }
    }

    /// A token for somebody else too could be used here by that one, so there must be no other.
    private static String audience(JsonNode claims, IdentityProvider provider)
            throws QueryException {
        var stated = claims.path("aud");
        var audience = stated.isArray() && stated.size() == 1 ? stated.get(0) : stated;
        if (stated.isMissingNode()) {
            throw invalid("Missing a required claim: aud");
        }
        if (!audience.isTextual() || !provider.audiences().contains(audience.asText())) {
            throw invalid("Incorrect token audience");
        }
        return audience.asText();
    }

    private static JsonNode object(String encoded) throws QueryException {
        try {
            var node = JSON.readTree(decoded(encoded));
            if (node.isObject()) {
                return node;
            }
        } catch (IOException noJson) {
            // Answered as what is no object.
        }
        throw invalid("The ID Token provided is not a valid JWT.");
    }

    private static byte[] decoded(String encoded) throws QueryException {
        try {
            return Base64.getUrlDecoder().decode(encoded);
        } catch (IllegalArgumentException notEncoded) {
            throw invalid("The ID Token provided is not a valid JWT.");
        }
    }

    private static String text(JsonNode node, String claim) throws QueryException {
        var value = node.path(claim);
        if (!value.isTextual() || value.asText().isEmpty()) {
            throw invalid("Missing a required claim: " + claim);
        }
        return value.asText();
    }

    private static long number(JsonNode node, String claim) throws QueryException {
        var value = node.path(claim);
        if (!value.isNumber()) {
            throw invalid("Missing a required claim: " + claim);
        }
        return value.asLong();
    }

    private static QueryException invalid(String message) {
        return new QueryException("InvalidIdentityToken", 400, message);
    }
}
