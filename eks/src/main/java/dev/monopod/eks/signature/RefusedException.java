package dev.monopod.eks.signature;

import java.io.Serial;

/// Ends the check of a signature; never leaves this package.
final class RefusedException extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    private final Fault fault;
    private final String reason;

    RefusedException(Fault fault, String reason) {
        super(reason, null, false, false);
        this.fault = fault;
        this.reason = reason;
    }

    Verdict.Refused by(String service) {
        return fault.by(service, reason);
    }
}
