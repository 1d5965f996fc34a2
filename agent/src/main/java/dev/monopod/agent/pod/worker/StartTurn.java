package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.scope.PodScope;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;

/// A machine's turn to start, in the order in which pods came: until its pod's first container
/// runs, for until then it is the processor that it needs. Were all of a burst to start at once,
/// the first would be ready as late as the last. Ends once. Thread-safe.
final class StartTurn implements AutoCloseable {
    /// What takes longer once the guest has answered waits for others: a volume, a hook.
    private static final Duration LONGEST = Duration.ofSeconds(3);

    private final Semaphore turns;
    private final AtomicBoolean ended = new AtomicBoolean();

    private StartTurn(Semaphore turns) {
        this.turns = turns;
    }

    /// Waits for it.
    static StartTurn of(Semaphore turns) throws InterruptedException {
        turns.acquire();
        return new StartTurn(turns);
    }

    /// The guest has answered and the images are here: the turn ends by itself. Returns at once.
    void endSoon(PodScope scope) {
        var waiting =
                scope.submit(
                        "starting",
                        () -> {
                            try (this) {
                                scope.awaitStarted(LONGEST);
                            }
                            return true;
                        });
        if (waiting.isCancelled()) {
            close();
        }
    }

    @Override
    public void close() {
        if (ended.compareAndSet(false, true)) {
            turns.release();
        }
    }
}
