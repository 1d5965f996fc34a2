package dev.monopod.eks.podidentity;

import java.util.Optional;

/// Who tells whose a token is.
public interface PodTokens {
    /// Of Pod Identity's tokens.
    String AUDIENCE = "pods.eks.amazonaws.com";

    /// Empty if the token is not good: not for [#AUDIENCE], expired, of another cluster, not of a
    /// pod, or of one that is gone.
    ///
    /// @throws dev.monopod.eks.identity.IdentityUnavailableException if it cannot be known now
    Optional<PodToken> verify(String token);
}
