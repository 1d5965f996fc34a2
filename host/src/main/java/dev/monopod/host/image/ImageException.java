package dev.monopod.host.image;

/// An image could not be had. The message names the reference, the registry and what is wrong, and
/// holds no words of an answer: it becomes an event, and who names a registry could read by it what
/// the host may reach.
public final class ImageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// What the pod worker does about it: the kubelet's reasons.
    public enum Reason {
        /// `ErrImagePull`, then `ImagePullBackOff`.
        PULL_FAILED,
        /// `ErrImageNeverPull`.
        NEVER_PULL,
        /// `InvalidImageName`.
        INVALID_NAME
    }

    private final Reason reason;

    public ImageException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public ImageException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
