package dev.monopod.model.loop;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/// Keys that wait for their turn: each at most once, each with its own back-off, which doubles from
/// the first to the longest and never gives up. Whoever works on them does so in the passes of a
/// [Loop], by [#work]. Thread-safe.
public final class RetryQueue {
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofSeconds(60);

    /// Long enough to mean never.
    private static final Duration NEVER = Duration.ofDays(36_500);

    /// @param dueNanos when it may be taken, by the queue's clock
    /// @param order of arrival
    private record Turn(long dueNanos, long order) {}

    /// Works on one key: says [#done] or [#retry] in the end, or lets another thread say so.
    @FunctionalInterface
    public interface Work {
        void on(String key);
    }

    private final LongSupplier nanoTime;
    private final Duration first;
    private final Duration longest;
    private final Runnable changed;
    private final Map<String, Turn> turns = new HashMap<>();
    private final Map<String, Duration> backOffs = new HashMap<>();
    private long order;

    /// With a back-off from one second to a minute.
    ///
    /// @param nanoTime a clock such as `System.nanoTime`
    /// @param changed called when a key got a turn; must not block
    public RetryQueue(LongSupplier nanoTime, Runnable changed) {
        this(nanoTime, changed, FIRST, LONGEST);
    }

    public RetryQueue(LongSupplier nanoTime, Runnable changed, Duration first, Duration longest) {
        this.nanoTime = nanoTime;
        this.changed = changed;
        this.first = first;
        this.longest = longest;
    }

    /// At once.
    public void add(String key) {
        synchronized (this) {
            var now = nanoTime.getAsLong();
            turns.merge(key, new Turn(now, order++), (turn, added) -> sooner(turn, now));
        }
        changed.run();
    }

    /// After the key's back-off, or at once if it was added since it was taken.
    public void retry(String key) {
        synchronized (this) {
            var wait = backOffs.merge(key, first, (before, _) -> longer(before));
            turns.putIfAbsent(key, new Turn(nanoTime.getAsLong() + wait.toNanos(), order++));
        }
        changed.run();
    }

    private Duration longer(Duration before) {
        var twice = before.multipliedBy(2);
        return twice.compareTo(longest) < 0 ? twice : longest;
    }

    /// Something changed that any of them may have waited for. Who came first is still first.
    public void wakeAll() {
        synchronized (this) {
            var now = nanoTime.getAsLong();
            turns.replaceAll((key, turn) -> sooner(turn, now));
        }
        changed.run();
    }

    private static Turn sooner(Turn turn, long now) {
        return new Turn(Math.min(turn.dueNanos() - now, 0) + now, turn.order());
    }

    /// What was taken is done. Its back-off is forgotten; a turn that it got since stays, for that
    /// one may speak of another pod of the same name.
    public synchronized void done(String key) {
        backOffs.remove(key);
    }

    /// One pass: works on the key whose turn it is, if there is one. A key whose work throws is
    /// retried, and the exception goes on to `failed`.
    ///
    /// @return how long nobody's turn comes
    public Duration work(Work work, BiConsumer<String, RuntimeException> failed) {
        var key = poll();
        if (key.isPresent()) {
            try {
                work.on(key.get());
            } catch (RuntimeException e) {
                retry(key.get());
                failed.accept(key.get(), e);
            } catch (Error e) {
                retry(key.get());
                throw e;
            }
        }
        return rest();
    }

    /// The next key that is due, first in, first out; empty if none is.
    synchronized Optional<String> poll() {
        var now = nanoTime.getAsLong();
        var next =
                turns.entrySet().stream()
                        .filter(entry -> entry.getValue().dueNanos() - now <= 0)
                        .min(Map.Entry.comparingByValue(Comparator.comparingLong(Turn::order)))
                        .map(Map.Entry::getKey);
        next.ifPresent(turns::remove);
        return next;
    }

    private synchronized Duration rest() {
        var now = nanoTime.getAsLong();
        return turns.values().stream()
                .map(turn -> Duration.ofNanos(Math.max(0, turn.dueNanos() - now)))
                .min(Comparator.naturalOrder())
                .orElse(NEVER);
    }
}
