package dev.monopod.agent.kubelet;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// How fast counters of CPU time grow, from one report to the next. Thread-safe.
final class CpuRates {
    private static final int MAX_SAMPLES = 20_000;

    private final Map<String, Sample> samples = new HashMap<>();

    /// Billionths of a core since the sample before; empty for the first.
    synchronized Optional<Long> after(String key, Instant time, long usageNanos) {
        if (samples.size() > MAX_SAMPLES) {
            samples.clear();
        }
        var sample = new Sample(time, usageNanos, Optional.empty());
        var before = samples.get(key);
        if (before != null) {
            sample = sample.after(before);
        }
        samples.put(key, sample);
        return sample.rate;
    }

    private record Sample(Instant time, long usageNanos, Optional<Long> rate) {
        /// A counter that fell is one of a container that was started anew.
        Sample after(Sample before) {
            var duration = Duration.between(before.time, time).toNanos();
            if (duration <= 0) {
                return before;
            }
            var used = Math.max(0, usageNanos - before.usageNanos);
            return new Sample(
                    time, usageNanos, Optional.of(Math.round((double) used * 1e9 / duration)));
        }
    }
}
