package dev.monopod.agent.pod.scope;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Lets one thread sleep until others have news for it. Thread-safe; nudges of one sleep count
/// once, and one that comes before the sleep is not lost.
public final class Nudge {
    private final Semaphore news = new Semaphore(0);

    public void nudge() {
        news.release();
    }

    /// Returns at the first nudge, or when patience ends.
    public void await(Duration patience) throws InterruptedException {
        if (news.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS)) {
            news.drainPermits();
        }
    }
}
