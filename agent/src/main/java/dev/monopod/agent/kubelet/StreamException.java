package dev.monopod.agent.kubelet;

import java.io.IOException;

/// A request to the kubelet API that is answered with an HTTP status.
final class StreamException extends IOException {
    private static final long serialVersionUID = 1L;
    private final int httpStatus;

    StreamException(int httpStatus, String message) {
        super(message);
        this.httpStatus = httpStatus;
    }

    int httpStatus() {
        return httpStatus;
    }
}
