package dev.monopod.eks.sts;

import java.io.Serial;

/// A trust policy is none, or says what is not understood here. The message says what.
public final class MalformedPolicyException extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    MalformedPolicyException(String message) {
        super(message);
    }
}
