package dev.monopod.eks.sts;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.Base64;
import java.util.Optional;

/// Reads JSON Web Keys: RSA of at least 2048 bits for `RS256`, P-256 for `ES256`.
final class JsonWebKeys {
    private static final int RSA_BITS_MIN = 2048;
    private static final ObjectMapper JSON = new ObjectMapper();

    private JsonWebKeys() {}

    /// The key of that id for that algorithm; empty if there is none, or it cannot be read.
    static Optional<PublicKey> find(String keys, String id, String algorithm) {
        try {
            for (JsonNode key : JSON.readTree(keys).path("keys")) {
                boolean meant =
                        key.path("kid").asText().equals(id)
                                && key.path("alg").asText(algorithm).equals(algorithm)
                                && key.path("use").asText("sig").equals("sig");
                if (meant) {
                    return read(key, algorithm);
                }
            }
            return Optional.empty();
        } catch (JsonProcessingException
                | GeneralSecurityException
                | IllegalArgumentException unreadable) {
            return Optional.empty();
        }
    }

    private static Optional<PublicKey> read(JsonNode key, String algorithm)
            throws GeneralSecurityException {
        return switch (algorithm + " " + key.path("kty").asText()) {
            case "RS256 RSA" -> {
                var modulus = number(key, "n");
                yield modulus.bitLength() < RSA_BITS_MIN
                        ? Optional.empty()
                        : Optional.of(
                                KeyFactory.getInstance("RSA")
                                        .generatePublic(
                                                new RSAPublicKeySpec(modulus, number(key, "e"))));
            }
            case "ES256 EC" ->
                    key.path("crv").asText().equals("P-256")
                            ? Optional.of(
                                    KeyFactory.getInstance("EC")
                                            .generatePublic(
                                                    new ECPublicKeySpec(
                                                            new ECPoint(
                                                                    number(key, "x"),
                                                                    number(key, "y")),
                                                            p256())))
                            : Optional.empty();
            default -> Optional.empty();
        };
    }

    private static ECParameterSpec p256() throws GeneralSecurityException {
        var parameters = AlgorithmParameters.getInstance("EC");
        parameters.init(new ECGenParameterSpec("secp256r1"));
        return parameters.getParameterSpec(ECParameterSpec.class);
    }

    private static BigInteger number(JsonNode key, String name) {
        return new BigInteger(1, Base64.getUrlDecoder().decode(key.path(name).asText()));
    }
}
