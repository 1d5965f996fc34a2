package dev.monopod.agent.pod;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// A wait that ends early only by interruption.
final class Pauses {
    private Pauses() {}

    static void pause(Duration duration) throws InterruptedException {
        LockSupport.parkNanos(duration.toNanos());
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }
}
