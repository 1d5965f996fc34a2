package dev.monopod.agent.pod.scope;

import java.time.Duration;

/// How long to wait before each further try: 1 s, then twice as long each time, a minute at most.
/// Of one thread.
public final class Backoff {
    static final Duration LONGEST = Duration.ofMinutes(1);

    private Duration next = Duration.ofSeconds(1);

    public Duration next() {
        var now = next;
        var twice = next.multipliedBy(2);
        next = twice.compareTo(LONGEST) > 0 ? LONGEST : twice;
        return now;
    }
}
