package dev.monopod.eks.sts;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.Set;

/// An issuer of tokens, with an RSA key `r` and a P-256 key `e`.
final class Issuer {
    static final String URL = "https://issuer.example/c1";

    private final KeyPair rsa;
    private final KeyPair ec;

    Issuer() throws GeneralSecurityException {
        this(2048);
    }

    Issuer(int rsaBits) throws GeneralSecurityException {
        var rsaKeys = KeyPairGenerator.getInstance("RSA");
        rsaKeys.initialize(rsaBits);
        rsa = rsaKeys.generateKeyPair();
        var ecKeys = KeyPairGenerator.getInstance("EC");
        ecKeys.initialize(new ECGenParameterSpec("secp256r1"));
        ec = ecKeys.generateKeyPair();
    }

    IdentityProvider provider() {
        return new IdentityProvider("111122223333", URL, Set.of("sts.amazonaws.com"), keys());
    }

    String keys() {
        var rsaKey = (RSAPublicKey) rsa.getPublic();
        var ecKey = (ECPublicKey) ec.getPublic();
        return """
        {"keys": [
          {"use": "sig", "kty": "RSA", "kid": "r", "alg": "RS256", "n": "%s", "e": "%s"},
          {"use": "sig", "kty": "EC", "kid": "e", "alg": "ES256", "crv": "P-256",
           "x": "%s", "y": "%s"}]}
        """
                .formatted(
                        number(rsaKey.getModulus()),
                        number(rsaKey.getPublicExponent()),
                        number(ecKey.getW().getAffineX()),
                        number(ecKey.getW().getAffineY()));
    }

    String rs256(String claims) {
        return signed("{\"alg\": \"RS256\", \"kid\": \"r\"}", claims, "SHA256withRSA", rsa);
    }

    String es256(String claims) {
        return signed(
                "{\"alg\": \"ES256\", \"kid\": \"e\"}", claims, "SHA256withECDSAinP1363Format", ec);
    }

    /// Signed by the RSA key, whatever the header says.
    String withHeader(String header, String claims) {
        return signed(header, claims, "SHA256withRSA", rsa);
    }

    private static String signed(String header, String claims, String algorithm, KeyPair key) {
        var content = encoded(bytes(header)) + "." + encoded(bytes(claims));
        try {
            var signature = Signature.getInstance(algorithm);
            signature.initSign(key.getPrivate());
            signature.update(bytes(content));
            return content + "." + encoded(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String number(BigInteger number) {
        var bytes = number.toByteArray();
        return encoded(bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes);
    }

    static String encoded(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
