package dev.monopod.eks.signature;

import dev.monopod.eks.identity.AccessKey;
import dev.monopod.eks.identity.Caller;

/// What a signature is worth.
public sealed interface Verdict {
    /// Signed by who has the key.
    ///
    /// @param region of the credential's scope
    record Signed(AccessKey key, String region) implements Verdict {
        public Caller caller() {
            return key.caller();
        }
    }

    /// Not signed, not by a known key, or not well.
    ///
    /// @param code of the error, as clients of the service know it
    /// @param status of the HTTP answer
    record Refused(String code, int status, String message) implements Verdict {}
}
