package dev.monopod.host.image;

import java.io.IOException;

/// A layer is not as images have to be, or would cost too much. The message holds no words of it.
final class UnfitLayerException extends IOException {
    private static final long serialVersionUID = 1;

    UnfitLayerException(String message) {
        super(message);
    }
}
