package dev.monopod.controller.scheduling;

import java.util.HashMap;
import java.util.Map;

/// Keys that wait for their turn: each at most once, each with its own back-off, which doubles from
/// one second to a minute. Thread-safe.
final class RetryQueue {
    private static final long FIRST_MILLIS = 1_000;
    private static final long LONGEST_MILLIS = 60_000;

    /// @param dueNanos when it may be taken, by `System.nanoTime`
    private record Turn(long dueNanos, long order) {}

    private final Map<String, Turn> turns = new HashMap<>();
    private final Map<String, Long> backOffs = new HashMap<>();
    private long order;

    /// At once.
    synchronized void add(String key) {
        var turn = turns.get(key);
        if (turn == null || turn.dueNanos() - System.nanoTime() > 0) {
            turns.put(key, new Turn(System.nanoTime(), order++));
            notifyAll();
        }
    }

    /// After the key's back-off.
    synchronized void retry(String key) {
        var millis = backOffs.merge(key, FIRST_MILLIS, (b, f) -> Math.min(b * 2, LONGEST_MILLIS));
        turns.putIfAbsent(key, new Turn(System.nanoTime() + millis * 1_000_000, order++));
        notifyAll();
    }

    /// Something changed that any of them may have waited for.
    synchronized void wakeAll() {
        for (var key : turns.keySet().toArray(String[]::new)) {
            add(key);
        }
    }

    synchronized void forget(String key) {
        turns.remove(key);
        backOffs.remove(key);
    }

    /// Waits for the next key that is due, first in, first out.
    @SuppressWarnings("WaitNotInLoop") // It is: every way through the loop looks again.
    synchronized String take() throws InterruptedException {
        while (true) {
            var now = System.nanoTime();
            String next = null;
            var nextTurn = new Turn(0, Long.MAX_VALUE);
            var soonest = Long.MAX_VALUE;
            for (var entry : turns.entrySet()) {
                var wait = entry.getValue().dueNanos() - now;
                if (wait <= 0 && entry.getValue().order() < nextTurn.order()) {
                    next = entry.getKey();
                    nextTurn = entry.getValue();
                }
                soonest = Math.min(soonest, wait);
            }
            if (next != null) {
                turns.remove(next);
                return next;
            }
            wait(soonest == Long.MAX_VALUE ? 0 : Math.max(1, soonest / 1_000_000));
        }
    }
}
