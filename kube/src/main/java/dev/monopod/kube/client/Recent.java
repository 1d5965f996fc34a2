package dev.monopod.kube.client;

import java.util.LinkedHashMap;
import java.util.Optional;

/// A map that holds a bounded number of entries: the one that was used longest ago makes room. One
/// caller at a time.
final class Recent<K, V> {
    private static final float LOAD = 0.75f;

    private final int most;
    private final LinkedHashMap<K, V> entries = new LinkedHashMap<>(16, LOAD, true);

    Recent(int most) {
        this.most = most;
    }

    Optional<V> find(K key) {
        return Optional.ofNullable(entries.get(key));
    }

    void put(K key, V value) {
        entries.put(key, value);
        if (entries.size() > most) {
            entries.pollFirstEntry();
        }
    }
}
