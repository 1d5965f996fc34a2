package dev.monopod.kube.serving;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Holds each value for its own time, and no more than a number of them: the oldest goes first.
/// Thread-safe.
public final class ExpiringCache<K, V> {
    private final int maxEntries;
    private final Clock clock;
    private final Map<K, Entry<V>> entries = new LinkedHashMap<>();

    public ExpiringCache(int maxEntries, Clock clock) {
        this.maxEntries = maxEntries;
        this.clock = clock;
    }

    public synchronized Optional<V> find(K key) {
        var entry = entries.get(key);
        if (entry == null) {
            return Optional.empty();
        }
        if (!clock.instant().isBefore(entry.end)) {
            entries.remove(key);
            return Optional.empty();
        }
        return Optional.of(entry.value);
    }

    public synchronized void put(K key, V value, Duration lifetime) {
        entries.remove(key);
        if (entries.size() >= maxEntries) {
            entries.remove(entries.keySet().iterator().next());
        }
        entries.put(key, new Entry<>(value, clock.instant().plus(lifetime)));
    }

    private record Entry<V>(V value, Instant end) {}
}
