package dev.monopod.host.image;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// Ends something that takes too long, whatever happens in it meanwhile. A thread of its own
/// watches the time.
final class TimeLimit implements AutoCloseable {
    private long end;
    private boolean over;
    private boolean passed;

    private TimeLimit(Duration limit) {
        this.end = System.nanoTime() + limit.toNanos();
    }

    /// @param cut ends it, from the watching thread
    static TimeLimit start(Duration limit, Runnable cut) {
        var started = new TimeLimit(limit);
        Thread.ofVirtual().name("time-limit").start(() -> started.watch(cut));
        return started;
    }

    private void watch(Runnable cut) {
        try {
            if (passes()) {
                cut.run();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized boolean passes() throws InterruptedException {
        for (var left = left(); !over && left > 0; left = left()) {
            TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, 1_000_000));
        }
        passed = !over;
        return passed;
    }

    private long left() {
        return end - System.nanoTime();
    }

    /// From now on.
    synchronized void restart(Duration limit) {
        end = System.nanoTime() + limit.toNanos();
        notifyAll();
    }

    /// Whether it was ended for that.
    synchronized boolean passed() {
        return passed;
    }

    @Override
    public synchronized void close() {
        over = true;
        notifyAll();
    }
}
