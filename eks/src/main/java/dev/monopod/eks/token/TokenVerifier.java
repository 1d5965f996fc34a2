package dev.monopod.eks.token;

import dev.monopod.eks.identity.AccessKeys;
import dev.monopod.eks.signature.SignatureVerifier;
import dev.monopod.eks.signature.Verdict.Refused;
import dev.monopod.eks.signature.Verdict.Signed;
import dev.monopod.eks.wire.ApiRequest;
import dev.monopod.eks.wire.ApiRequest.Header;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/// Verifies tokens of `aws eks get-token` here, without a request to STS.
///
/// A token is a URL of `GetCallerIdentity`, signed together with the name of a cluster that is not
/// in it: so a token for another cluster is not good here, and a signature made for anything else
/// is no token. It is good for 15 minutes from its date, whatever its `X-Amz-Expires` says, since
/// tools write 60 seconds there and use it for 14 minutes. Any thread may ask.
public final class TokenVerifier {
    private final SignatureVerifier signatures;
    private final String cluster;
    private final Set<String> hosts;

    /// @param cluster this cluster's name, as `--cluster-name` has it
    /// @param hosts of STS, with the port unless it is the scheme's own, that a token may be signed
    ///   for, such as `sts.us-west-2.amazonaws.com`
    public TokenVerifier(AccessKeys keys, String cluster, Set<String> hosts) {
        this.signatures = new SignatureVerifier(keys, "");
        this.cluster = cluster;
        this.hosts =
                hosts.stream()
                        .map(host -> host.toLowerCase(Locale.ROOT))
                        .collect(Collectors.toUnmodifiableSet());
    }

    /// @param token as a stranger sent it
    public TokenVerdict verify(String token, Instant now) {
        try {
            return verified(SignedUrl.of(token), now);
        } catch (BadTokenException bad) {
            return new TokenVerdict.Refused("the token is refused: " + bad.reason());
        }
    }

    private TokenVerdict verified(SignedUrl url, Instant now) throws BadTokenException {
        if (!hosts.contains(url.host())) {
            throw new BadTokenException("it is signed for a host that is no STS of this cluster");
        }
        var request =
                new ApiRequest(
                        "GET",
                        "/",
                        url.query(),
                        List.of(
                                new Header("host", url.host()),
                                new Header(SignedUrl.CLUSTER_HEADER, cluster)),
                        new byte[0]);
        return switch (signatures.verify(request, now, "sts")) {
            case Signed signed -> new TokenVerdict.Token(signed.caller());
            case Refused refused when refused.status() == 503 ->
                    new TokenVerdict.Unavailable(refused.message());
            case Refused refused ->
                    throw new BadTokenException(
                            "%s (%s; this is cluster %s)"
                                    .formatted(refused.message(), refused.code(), cluster));
        };
    }
}
