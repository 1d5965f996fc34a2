package dev.monopod.host.image;

/// An image could not be had. The message holds the registry's own words and the reference.
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
