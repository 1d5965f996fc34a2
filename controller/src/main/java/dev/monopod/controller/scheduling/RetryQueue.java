package dev.monopod.controller.scheduling;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/// Keys that wait for their turn: each at most once, each with its own back-off, which doubles from
/// one second to a minute and never gives up. Thread-safe.
final class RetryQueue {
    private static final long FIRST_MILLIS = 1_000;
    private static final long LONGEST_MILLIS = 60_000;
    private static final long NANOS = 1_000_000;

    /// @param dueNanos when it may be taken, by the queue's clock
    /// @param order of arrival
    private record Turn(long dueNanos, long order) {}

    private final LongSupplier nanoTime;
    private final Map<String, Turn> turns = new HashMap<>();
    private final Map<String, Long> backOffs = new HashMap<>();
    private long order;

    /// @param nanoTime a clock such as `System.nanoTime`
    RetryQueue(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /// At once.
    synchronized void add(String key) {
        var now = nanoTime.getAsLong();
        turns.merge(key, new Turn(now, order++), (turn, added) -> sooner(turn, now));
        notifyAll();
    }

    /// After the key's back-off, or at once if it was added since it was taken.
    synchronized void retry(String key) {
        var millis = backOffs.merge(key, FIRST_MILLIS, (b, f) -> Math.min(b * 2, LONGEST_MILLIS));
        turns.putIfAbsent(key, new Turn(nanoTime.getAsLong() + millis * NANOS, order++));
        notifyAll();
    }

    /// Something changed that any of them may have waited for. Who came first is still first.
    synchronized void wakeAll() {
        var now = nanoTime.getAsLong();
        turns.replaceAll((key, turn) -> sooner(turn, now));
        notifyAll();
    }

    private static Turn sooner(Turn turn, long now) {
        return new Turn(Math.min(turn.dueNanos() - now, 0) + now, turn.order());
    }

    /// What was taken is done. Its back-off is forgotten; a turn that it got since stays, for that
    /// one may speak of another pod of the same name.
    synchronized void done(String key) {
        backOffs.remove(key);
    }

    /// Waits for the next key that is due, first in, first out.
    @SuppressWarnings("WaitNotInLoop") // It is: every way through the loop looks again.
    synchronized String take() throws InterruptedException {
        while (true) {
            var due = poll();
            if (due.isPresent()) {
                return due.get();
            }
            var soonest = untilNextNanos();
            wait(soonest == Long.MAX_VALUE ? 0 : Math.max(1, soonest / NANOS));
        }
    }

    /// The next key that is due, first in, first out; empty if none is.
    synchronized Optional<String> poll() {
        var now = nanoTime.getAsLong();
        var first =
                turns.entrySet().stream()
                        .filter(entry -> entry.getValue().dueNanos() - now <= 0)
                        .min(Map.Entry.comparingByValue(Comparator.comparingLong(Turn::order)))
                        .map(Map.Entry::getKey);
        first.ifPresent(turns::remove);
        return first;
    }

    private long untilNextNanos() {
        var now = nanoTime.getAsLong();
        return turns.values().stream()
                .mapToLong(turn -> turn.dueNanos() - now)
                .min()
                .orElse(Long.MAX_VALUE);
    }
}
