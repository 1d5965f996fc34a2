package dev.monopod.agent.pod.container;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The end of one attempt of a container, as far as it is known: what the thread that stops it
/// waits for, and what others tell it meanwhile, in any order. The deadline only ever comes nearer,
/// and follows the steady clock. Thread-safe.
final class Stopping {
    private final Clock steady;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private Instant deadline = Instant.MAX;
    private boolean hookOver;
    private boolean due;
    private boolean over;
    private boolean cut;

    Stopping(Clock steady) {
        this.steady = steady;
    }

    /// @param grace from now on, over which nothing but the kill remains
    void within(Duration grace) {
        var at = steady.instant().plus(grace);
        tell(() -> {
            deadline = at.isBefore(deadline) ? at : deadline;
            cut |= !grace.isPositive();
        });
    }

    void hookOver() {
        tell(() -> hookOver = true);
    }

    /// The containers that end before it have ended.
    void due() {
        tell(() -> due = true);
    }

    /// The attempt has ended.
    void over() {
        tell(() -> over = true);
    }

    /// What is left of the grace; never negative.
    Duration left() {
        lock.lock();
        try {
            var left = Duration.between(steady.instant(), deadline);
            return left.isNegative() ? Duration.ZERO : left;
        } finally {
            lock.unlock();
        }
    }

    void awaitHook() throws InterruptedException {
        await(() -> hookOver, Duration.ZERO);
    }

    void awaitTurn() throws InterruptedException {
        await(() -> due, Duration.ZERO);
    }

    /// Waits until the attempt has ended, for what is left of the grace and at least that long,
    /// unless it is cut off.
    ///
    /// @return whether it has ended
    boolean awaitEnd(Duration atLeast) throws InterruptedException {
        return await(() -> over, atLeast);
    }

    /// Waits for the end without regard to the deadline.
    boolean awaitEndFor(Duration patience) throws InterruptedException {
        lock.lock();
        try {
            var left = patience.toNanos();
            while (!over && left > 0) {
                left = changed.awaitNanos(left);
            }
            return over;
        } finally {
            lock.unlock();
        }
    }

    private boolean await(java.util.function.BooleanSupplier condition, Duration atLeast)
            throws InterruptedException {
        lock.lock();
        try {
            var least = cut ? deadline : steady.instant().plus(atLeast);
            var before = deadline;
            while (!over && !condition.getAsBoolean()) {
                // A deadline that came nearer meanwhile is an order that leaves no room for more.
                var until = deadline.equals(before) && least.isAfter(deadline) ? least : deadline;
                var millis = millisUntil(until);
                if (millis <= 0) {
                    return false;
                }
                changed.await(millis, TimeUnit.MILLISECONDS);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private long millisUntil(Instant until) {
        return until.equals(Instant.MAX)
                ? Long.MAX_VALUE
                : Duration.between(steady.instant(), until).plusNanos(999_999).toMillis();
    }

    private void tell(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
