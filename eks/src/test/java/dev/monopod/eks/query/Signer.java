package dev.monopod.eks.query;

import dev.monopod.eks.identity.AccessKey;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiRequest.Header;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// A client of a service. It signs on its own, and knows nothing of how signatures are verified.
///
/// @param sessionToken of a session's key
public record Signer(String service, AccessKey key, Optional<String> sessionToken, Instant now) {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    /// A form that is posted, and the headers sent with it.
    public ApiRequest post(String form, Header... more) {
        return send("POST", "/", form, more);
    }

    /// @param path one that needs no encoding
    public ApiRequest send(String method, String path, String body, Header... more) {
        var time = TIME.format(now);
        var scope = "%s/us-west-2/%s/aws4_request".formatted(time.substring(0, 8), service);
        var canonical =
                String.join(
                        "\n",
                        method,
                        path.replaceAll("/+", "/"),
                        "",
                        "host:localhost",
                        "x-amz-date:" + time,
                        "",
                        "host;x-amz-date",
                        hash(body));
        var toSign = String.join("\n", "AWS4-HMAC-SHA256", time, scope, hash(canonical));
        var secret = ("AWS4" + key.secret()).getBytes(StandardCharsets.UTF_8);
        for (String part : scope.split("/")) {
            secret = hmac(secret, part);
        }
        List<Header> headers = new ArrayList<>(List.of(more));
        headers.add(new Header("Host", "localhost"));
        headers.add(new Header("X-Amz-Date", time));
        sessionToken.ifPresent(token -> headers.add(new Header("X-Amz-Security-Token", token)));
        headers.add(
                new Header(
                        "Authorization",
                        "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=host;x-amz-date,"
                                        .formatted(key.id(), scope)
                                + " Signature="
                                + HexFormat.of().formatHex(hmac(secret, toSign))));
        return new ApiRequest(method, path, "", headers, body.getBytes(StandardCharsets.UTF_8));
    }

    private static String hash(String text) {
        try {
            return HexFormat.of()
                    .formatHex(
                            MessageDigest.getInstance("SHA-256")
                                    .digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
