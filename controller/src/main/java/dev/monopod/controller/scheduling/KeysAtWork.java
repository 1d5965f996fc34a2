package dev.monopod.controller.scheduling;

import java.util.HashSet;
import java.util.Set;

/// The keys that workers are at, each with one at most. Thread-safe.
final class KeysAtWork {
    private final Set<String> atWork = new HashSet<>();
    private final Set<String> again = new HashSet<>();

    /// Returns whether nobody is at it; else it is remembered until that work ends.
    synchronized boolean begin(String key) {
        var free = atWork.add(key);
        if (!free) {
            again.add(key);
        }
        return free;
    }

    /// Returns whether the key's turn came meanwhile.
    synchronized boolean end(String key) {
        atWork.remove(key);
        return again.remove(key);
    }
}
