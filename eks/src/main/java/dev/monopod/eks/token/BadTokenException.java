package dev.monopod.eks.token;

import java.io.Serial;

/// A token is none; the message ends the sentence "the token is refused:". Never leaves this
/// package.
final class BadTokenException extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    BadTokenException(String message) {
        super(message, null, false, false);
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}
