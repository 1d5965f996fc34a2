package dev.monopod.agent.podidentity;

import java.nio.charset.StandardCharsets;

/// An answer to a pod.
record PodResponse(int status, String mediaType, byte[] body) {
    static PodResponse text(int status, String text) {
        return new PodResponse(
                status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }
}
