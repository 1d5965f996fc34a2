package dev.monopod.eks.identity;

/// What the sessions of a cluster are made and known by: 32 bytes that nobody else has.
public interface SessionSecret {
    /// @throws IdentityUnavailableException if it cannot be known now
    byte[] bytes();
}
