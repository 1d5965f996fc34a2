package dev.monopod.eks.sts;

import java.util.Set;

/// Who issues tokens that STS takes, such as the cluster itself for its service accounts.
///
/// @param accountId of the roles that may trust it
/// @param issuer as tokens have it in `iss`, with its scheme
/// @param audiences of which a token must have one
/// @param keys as JSON, a set of JSON Web Keys
public record IdentityProvider(
        String accountId, String issuer, Set<String> audiences, String keys) {
    public IdentityProvider {
        audiences = Set.copyOf(audiences);
    }

    /// As trust policies name it.
    String arn() {
        return "arn:aws:iam::%s:oidc-provider/%s".formatted(accountId, name());
    }

    /// The issuer without its scheme, as condition keys begin.
    String name() {
        return issuer.replaceFirst("^https?://", "");
    }
}
