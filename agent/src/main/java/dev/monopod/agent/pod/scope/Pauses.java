package dev.monopod.agent.pod.scope;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// A wait that ends early only by interruption.
public final class Pauses {
    private Pauses() {}

    public static void pause(Duration duration) throws InterruptedException {
        LockSupport.parkNanos(duration.toNanos());
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }
}
