package dev.monopod.eks.identity;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// It cannot be known now who somebody is, or what a role trusts; which says nothing of them. Try
/// again.
public final class IdentityUnavailableException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    public IdentityUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
