package dev.monopod.eks.token;

import dev.monopod.eks.wire.Parameters;
import dev.monopod.eks.wire.Parameters.Parameter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// The URL in a token, of a form that only `GetCallerIdentity` for a cluster has. Says nothing of
/// its signature yet.
///
/// @param host with the port, unless it is the scheme's own
/// @param query as it is in the URL
record SignedUrl(String host, String query) {
    static final int CHARACTERS_MAX = 4096;
    static final String PREFIX = "k8s-aws-v1.";
    static final String CLUSTER_HEADER = "x-k8s-aws-id";

    private static final int EXPIRES_SECONDS_MAX = 900;
    private static final Pattern ENCODED = Pattern.compile("[A-Za-z0-9_-]+");
    private static final Pattern EXPIRES = Pattern.compile("\\d{1,3}");
    private static final Set<String> KEYS =
            Set.of(
                    "action",
                    "version",
                    "x-amz-algorithm",
                    "x-amz-credential",
                    "x-amz-date",
                    "x-amz-expires",
                    "x-amz-security-token",
                    "x-amz-signature",
                    "x-amz-signedheaders");

    /// @throws BadTokenException if it is none
    static SignedUrl of(String token) throws BadTokenException {
        var url = url(token);
        var scheme = url.getScheme();
        if (!"https".equals(scheme) && !"http".equals(scheme)) {
            throw new BadTokenException("the scheme of its URL must be https or http");
        }
        if (url.getHost() == null || url.getRawUserInfo() != null) {
            throw new BadTokenException("its URL must have a host, and no user");
        }
        if (!"/".equals(url.getRawPath()) || url.getRawFragment() != null) {
            throw new BadTokenException("the path of its URL must be just a slash");
        }
        var query = url.getRawQuery() == null ? "" : url.getRawQuery();
        checkQuery(query);
        return new SignedUrl(host(url), query);
    }

    private static URI url(String token) throws BadTokenException {
        if (token.length() > CHARACTERS_MAX) {
            throw new BadTokenException(
                    "it has %d characters; at most %d are allowed"
                            .formatted(token.length(), CHARACTERS_MAX));
        }
        if (!token.startsWith(PREFIX)) {
            throw new BadTokenException("it must begin with " + PREFIX);
        }
        var encoded = token.substring(PREFIX.length());
        if (!ENCODED.matcher(encoded).matches()) {
            throw new BadTokenException("it must be base64url without padding");
        }
        try {
            var decoded = Base64.getUrlDecoder().decode(encoded);
            // Of the ways to write the same bytes, tools know one.
            if (Base64.getUrlEncoder().withoutPadding().encodeToString(decoded).equals(encoded)) {
                return new URI(new String(decoded, StandardCharsets.US_ASCII));
            }
        } catch (IllegalArgumentException | URISyntaxException unreadable) {
            // Answered as what is written in a way of its own.
        }
        throw new BadTokenException("it must be a URL in base64url");
    }

    private static String host(URI url) {
        int usual = url.getScheme().equals("https") ? 443 : 80;
        var host = url.getHost().toLowerCase(Locale.ROOT);
        return url.getPort() == -1 || url.getPort() == usual ? host : host + ":" + url.getPort();
    }

    private static void checkQuery(String query) throws BadTokenException {
        var parameters =
                Parameters.parse(query)
                        .orElseThrow(
                                () -> new BadTokenException("its query is badly percent-encoded"));
        Set<String> seen = new HashSet<>();
        for (Parameter each : parameters.all()) {
            var key = each.name().toLowerCase(Locale.ROOT);
            if (!KEYS.contains(key)) {
                throw new BadTokenException("its query has a parameter that is not allowed");
            }
            if (!seen.add(key)) {
                throw new BadTokenException("its query has %s twice".formatted(key));
            }
        }
        if (!parameters.one("Action").equals(Optional.of("GetCallerIdentity"))) {
            throw new BadTokenException("its action must be GetCallerIdentity");
        }
        var signed = parameters.one("X-Amz-SignedHeaders").orElse("").split(";", -1);
        if (!List.of(signed).contains(CLUSTER_HEADER)) {
            throw new BadTokenException("its signature must cover " + CLUSTER_HEADER);
        }
        var expires = parameters.one("X-Amz-Expires").orElse("");
        if (!EXPIRES.matcher(expires).matches()
                || Integer.parseInt(expires) > EXPIRES_SECONDS_MAX) {
            throw new BadTokenException(
                    "its X-Amz-Expires must be 0 to %d seconds".formatted(EXPIRES_SECONDS_MAX));
        }
    }
}
