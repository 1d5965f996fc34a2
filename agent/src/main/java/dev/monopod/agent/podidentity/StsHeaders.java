package dev.monopod.agent.podidentity;

import dev.monopod.model.names.Names;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// Which headers of a call of STS go on to the controller: what says whom it is for and who signed
/// it, and all that its signature covers, since without one of them it is no signature. SDKs each
/// sign headers of their own. Pure.
///
/// Source: SigV4's `Authorization` header.
final class StsHeaders {
    private static final Set<String> ALWAYS =
            Set.of(
                    "content-type",
                    "accept",
                    "authorization",
                    "x-amz-date",
                    "x-amz-security-token",
                    "x-amz-content-sha256");

    /// The way's own: what is about this connection, or is said anew by who asks on the next.
    private static final Set<String> NEVER =
            Set.of(
                    "host",
                    "content-length",
                    "connection",
                    "keep-alive",
                    "te",
                    "trailer",
                    "transfer-encoding",
                    "upgrade",
                    "expect",
                    Names.ASKED_HOST_HEADER.toLowerCase(Locale.ROOT));

    private static final Pattern SIGNED = Pattern.compile("\\bSignedHeaders=([^,\\s]+)");

    private StsHeaders() {}

    /// By name in small letters. One that was sent more than once stays behind.
    static Map<String, String> of(PodRequest request) {
        var names = new HashSet<>(ALWAYS);
        var signed = SIGNED.matcher(request.header("Authorization").orElse(""));
        if (signed.find()) {
            names.addAll(List.of(signed.group(1).toLowerCase(Locale.ROOT).split(";", -1)));
        }
        names.removeAll(NEVER);
        var headers = new HashMap<String, String>();
        names.forEach(name -> request.header(name).ifPresent(value -> headers.put(name, value)));
        return headers;
    }
}
