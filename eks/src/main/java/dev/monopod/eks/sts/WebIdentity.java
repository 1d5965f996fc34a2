package dev.monopod.eks.sts;

import java.util.Map;

/// Whom a token is of, once it is verified.
record WebIdentity(IdentityProvider provider, String subject, String audience) {
    /// What conditions of trust policies may ask.
    Map<String, String> context() {
        return Map.of(
                provider.name() + ":sub", subject,
                provider.name() + ":aud", audience);
    }
}
