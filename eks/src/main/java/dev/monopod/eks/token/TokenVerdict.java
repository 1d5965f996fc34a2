package dev.monopod.eks.token;

import dev.monopod.eks.identity.Caller;

/// What a token is worth.
public sealed interface TokenVerdict {
    /// A good one, and whose.
    record Token(Caller caller) implements TokenVerdict {}

    /// No good one.
    ///
    /// @param reason for the log; it repeats nothing of a secret
    record Refused(String reason) implements TokenVerdict {}

    /// It cannot be told now; the same token may be good.
    record Unavailable(String reason) implements TokenVerdict {}
}
