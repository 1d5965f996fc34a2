package dev.monopod.eks.gate;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiRequest.Header;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Signs as a client does, for paths that need no encoding.
final class Signing {
    static final String SECRET = "0123456789012345678901234567890123456789";

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private Signing() {}

    /// A request to EKS in us-west-2, without query and body.
    static ApiRequest signed(String method, String path, String accessKeyId, Instant now) {
        var time = TIME.format(now);
        var day = time.substring(0, 8);
        var scope = day + "/us-west-2/eks/aws4_request";
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
                        hash(""));
        var text = String.join("\n", "AWS4-HMAC-SHA256", time, scope, hash(canonical));
        var key = ("AWS4" + SECRET).getBytes(UTF_8);
        for (String part : List.of(day, "us-west-2", "eks", "aws4_request", text)) {
            key = hmac(key, part);
        }
        var header =
                "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=host;x-amz-date, Signature=%s"
                        .formatted(accessKeyId, scope, HexFormat.of().formatHex(key));
        return new ApiRequest(
                method,
                path,
                "",
                List.of(
                        new Header("Host", "localhost"),
                        new Header("X-Amz-Date", time),
                        new Header("Authorization", header)),
                new byte[0]);
    }

    private static String hash(String text) {
        try {
            var digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(UTF_8));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
