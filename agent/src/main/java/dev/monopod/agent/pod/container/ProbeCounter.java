package dev.monopod.agent.pod.container;

import java.util.Optional;

/// Counts probe outcomes against thresholds as the kubelet does: a verdict falls when as many equal
/// outcomes followed each other as the threshold says. Immutable.
record ProbeCounter(int successThreshold, int failureThreshold, boolean last, int streak) {
    static ProbeCounter of(int successThreshold, int failureThreshold) {
        return new ProbeCounter(successThreshold, failureThreshold, false, 0);
    }

    /// @param verdict present once a threshold is reached
    record Counted(ProbeCounter counter, Optional<Boolean> verdict) {}

    Counted count(boolean success) {
        var run = streak > 0 && last == success ? streak + 1 : 1;
        var next = new ProbeCounter(successThreshold, failureThreshold, success, run);
        var threshold = success ? successThreshold : failureThreshold;
        return new Counted(next, run >= threshold ? Optional.of(success) : Optional.empty());
    }
}
