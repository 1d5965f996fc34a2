package dev.monopod.eks.sts;

import java.util.Optional;

/// Which roles there are. Any thread may ask.
public interface Roles {
    /// Whom the role of that ARN trusts; empty if there is no such role, or if what it trusts
    /// cannot be read: it trusts nobody then.
    ///
    /// @param roleArn as a stranger sent it
    /// @throws dev.monopod.eks.identity.IdentityUnavailableException if it cannot be known now
    Optional<TrustPolicy> find(String roleArn);
}
