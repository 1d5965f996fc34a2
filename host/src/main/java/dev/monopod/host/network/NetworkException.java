package dev.monopod.host.network;

/// The kernel's network could not be brought to what was asked; the message holds the tool's words.
public final class NetworkException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NetworkException(String message) {
        super(message);
    }
}
