package dev.monopod.agent.pod.life;

import java.time.Instant;

/// How one attempt of a container ended, in the kubelet's words.
public record Termination(
        String containerId,
        int exitCode,
        int signal,
        String reason,
        String message,
        Instant startedAt,
        Instant finishedAt) {
    public boolean succeeded() {
        return exitCode == 0;
    }
}
