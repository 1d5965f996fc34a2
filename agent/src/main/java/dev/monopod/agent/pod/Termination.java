package dev.monopod.agent.pod;

import java.time.Instant;

/// How one attempt of a container ended, in the kubelet's words.
record Termination(
        String containerId,
        int exitCode,
        int signal,
        String reason,
        String message,
        Instant startedAt,
        Instant finishedAt) {
    boolean succeeded() {
        return exitCode == 0;
    }
}
