package dev.monopod.host.machine;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;

/// How many machines of a size were asked for at once, lately: as many as the next burst may ask
/// for. One thread.
final class Bursts {
    /// What is asked for within this time is one burst: a Deployment that is rolled out, a Job's
    /// pods.
    static final Duration LENGTH = Duration.ofSeconds(15);

    /// A burst that has not come again since is forgotten.
    static final Duration MEMORY = Duration.ofMinutes(30);

    private final Deque<Instant> recent = new ArrayDeque<>();
    private int largest;
    private Instant seen = Instant.MIN;

    void asked(Instant now) {
        recent.addLast(now);
        while (recent.getFirst().plus(LENGTH).isBefore(now)) {
            recent.removeFirst();
        }
        if (recent.size() >= largest(now)) {
            largest = recent.size();
            seen = now;
        }
    }

    int largest(Instant now) {
        return seen.equals(Instant.MIN) || seen.plus(MEMORY).isBefore(now) ? 0 : largest;
    }
}
