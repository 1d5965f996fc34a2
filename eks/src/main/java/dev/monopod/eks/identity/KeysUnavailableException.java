package dev.monopod.eks.identity;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// It cannot be known now who has an access key, which says nothing of the key. Try again.
public final class KeysUnavailableException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    public KeysUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
