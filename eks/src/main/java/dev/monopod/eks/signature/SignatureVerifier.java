package dev.monopod.eks.signature;

import dev.monopod.eks.identity.AccessKey;
import dev.monopod.eks.identity.AccessKeys;
import dev.monopod.eks.identity.IdentityUnavailableException;
import dev.monopod.eks.signature.Verdict.Refused;
import dev.monopod.eks.signature.Verdict.Signed;
import dev.monopod.eks.wire.ApiRequest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Tells who signed a request: Signature Version 4, by header or by query.
///
/// - A request that is signed is just what the holder of the key sent, in method, path, query, body
///   and the headers that it names, `host` among them; but for dot segments and doubled slashes in
///   the path, which a signature does not tell apart. So whoever routes by the path takes it as it
///   is, and never makes `/a` of `/b/../a`.
/// - It is at most 15 minutes old, or ahead; an `X-Amz-Expires` makes it neither more nor less,
///   just as STS has it. Within that time it can be sent again, as with AWS.
/// - Its body is signed as a whole: `UNSIGNED-PAYLOAD` and bodies signed in chunks are refused.
/// - It is bound to the service, and to the region but for STS, which serves every region's
///   callers.
///
/// Any thread may ask; the answer waits for the [AccessKeys].
public final class SignatureVerifier {
    static final int HEADERS_MAX = 100;
    static final int HEADER_CHARACTERS_MAX = 16 * 1024;
    static final int TARGET_CHARACTERS_MAX = 16 * 1024;

    private static final String HMAC = "HmacSHA256";

    private final AccessKeys keys;
    private final String region;

    /// @param region that of requests to all services but STS
    public SignatureVerifier(AccessKeys keys, String region) {
        this.keys = keys;
        this.region = region;
    }

    /// @param service the signing name of the one asked, such as `eks` or `sts`
    public Verdict verify(ApiRequest request, Instant now, String service) {
        try {
            return signed(request, now, service);
        } catch (RefusedException refused) {
            return refused.by(service);
        } catch (IdentityUnavailableException unavailable) {
            return Fault.UNAVAILABLE.by(
                    service, "The access keys cannot be read at this time. Try again.");
        }
    }

    /// What a service answers to a request without any signature.
    public static Refused unsigned(String service) {
        return Fault.NO_SIGNATURE.by(service, "Missing Authentication Token");
    }

    private Signed signed(ApiRequest request, Instant now, String service) throws RefusedException {
        checkBounds(request);
        var claim = Claim.of(request);
        claim.scope().check(claim.time(), service);
        if (!service.equals("sts")) {
            claim.scope().checkRegion(region);
        }
        claim.time().checkNear(now);
        var bodyHash = bodyHash(request);
        var key = key(claim, now);
        var canonical = CanonicalRequest.text(request, claim, bodyHash);
        if (!MessageDigest.isEqual(
                bytes(signature(claim, key.secret(), canonical)), bytes(claim.signature()))) {
            throw new RefusedException(
                    Fault.MISMATCH,
                    "The request signature we calculated does not match the signature you"
                            + " provided. Check your AWS Secret Access Key and signing method."
                            + " Consult the service documentation for details.");
        }
        return new Signed(key, claim.scope().region());
    }

    private static void checkBounds(ApiRequest request) throws RefusedException {
        if (request.headers().size() > HEADERS_MAX) {
            throw new RefusedException(
                    Fault.INCOMPLETE,
                    "The request has %d headers; at most %d are allowed."
                            .formatted(request.headers().size(), HEADERS_MAX));
        }
        int characters =
                request.headers().stream()
                        .mapToInt(header -> header.name().length() + header.value().length())
                        .sum();
        if (characters > HEADER_CHARACTERS_MAX) {
            throw new RefusedException(
                    Fault.INCOMPLETE,
                    "The request has headers of %d characters; at most %d are allowed."
                            .formatted(characters, HEADER_CHARACTERS_MAX));
        }
        int target = request.path().length() + request.query().length();
        if (target > TARGET_CHARACTERS_MAX) {
            throw new RefusedException(
                    Fault.INCOMPLETE,
                    "The request has a path and query of %d characters; at most %d are allowed."
                            .formatted(target, TARGET_CHARACTERS_MAX));
        }
    }

    /// The hash of the body as it came. What the client says of it must agree.
    private static String bodyHash(ApiRequest request) throws RefusedException {
        boolean chunked =
                Claim.values(request, "content-encoding").stream()
                        .anyMatch(value -> value.toLowerCase(Locale.ROOT).contains("aws-chunked"));
        if (chunked) {
            throw new RefusedException(
                    Fault.MISMATCH, "Content-Encoding aws-chunked is not served here.");
        }
        var actual = HexFormat.of().formatHex(sha256(request.body()));
        for (String stated : Claim.values(request, "x-amz-content-sha256")) {
            if (!stated.strip().equals(actual)) {
                throw new RefusedException(
                        Fault.MISMATCH,
                        "Header x-amz-content-sha256 must be the hash of the body, got '%s'."
                                .formatted(Quoted.of(stated)));
            }
        }
        return actual;
    }

    private AccessKey key(Claim claim, Instant now) throws RefusedException {
        var key =
                keys.find(claim.scope().accessKeyId(), claim.sessionToken())
                        .orElseThrow(() ->
                                new RefusedException(
                                        Fault.UNKNOWN_KEY,
                                        "The security token included in the request is"
                                                + " invalid."));
        if (key.expires().isPresent() && !now.isBefore(key.expires().get())) {
            throw new RefusedException(
                    Fault.EXPIRED_KEY, "The security token included in the request is expired");
        }
        return key;
    }

    private static String signature(Claim claim, String secret, String canonicalRequest) {
        var toSign =
                String.join(
                        "\n",
                        Claim.ALGORITHM,
                        claim.time().basic(),
                        claim.scope().text(),
                        HexFormat.of().formatHex(sha256(bytes(canonicalRequest))));
        var key = bytes("AWS4" + secret);
        for (String part : claim.scope().text().split("/", -1)) {
            key = hmac(key, part);
        }
        return HexFormat.of().formatHex(hmac(key, toSign));
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            var mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(key, HMAC));
            return mac.doFinal(bytes(text));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every Java has " + HMAC, impossible);
        }
    }

    private static byte[] sha256(byte[] content) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(content);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
