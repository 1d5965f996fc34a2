package dev.monopod.eks.identity;

import java.time.Instant;
import java.util.Optional;

/// An access key: who has its secret is its caller. Its text never shows the secret.
///
/// @param expires when it stops to be good; empty of a user's key, which is good until deleted
public record AccessKey(String id, String secret, Caller caller, Optional<Instant> expires) {
    /// A user's key.
    public AccessKey(String id, String secret, Caller caller) {
        this(id, secret, caller, Optional.empty());
    }

    @Override
    public String toString() {
        return "AccessKey[id=%s, caller=%s, expires=%s]".formatted(id, caller, expires);
    }
}
