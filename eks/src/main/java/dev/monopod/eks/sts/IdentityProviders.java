package dev.monopod.eks.sts;

import java.util.Optional;

/// Whose tokens STS takes. Any thread may ask.
public interface IdentityProviders {
    /// @param issuer as a stranger sent it
    /// @throws dev.monopod.eks.identity.IdentityUnavailableException if its keys cannot be had now
    Optional<IdentityProvider> find(String issuer);
}
