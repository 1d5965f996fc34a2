package dev.monopod.eks.access;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Access entries that are gone with the process. Held to the same contract as those of Kubernetes.
final class MemoryAccessEntries implements AccessEntries {
    private final Map<String, Stored> stored = new HashMap<>();
    private int version;

    @Override
    public synchronized List<AccessEntry> list() {
        return stored.values().stream().map(Stored::entry).toList();
    }

    @Override
    public synchronized Optional<Stored> find(Principal principal) {
        return Optional.ofNullable(stored.get(principal.key()));
    }

    @Override
    public synchronized boolean create(AccessEntry entry) {
        return stored.putIfAbsent(entry.principal().key(), next(entry)) == null;
    }

    @Override
    public synchronized boolean replace(Stored before, AccessEntry after) {
        var key = after.principal().key();
        if (!before.entry().principal().key().equals(key)) {
            throw new IllegalArgumentException("another principal");
        }
        return find(after.principal()).filter(before::equals).isPresent()
                && stored.put(key, next(after)) != null;
    }

    @Override
    public synchronized boolean delete(Principal principal) {
        return stored.remove(principal.key()) != null;
    }

    private Stored next(AccessEntry entry) {
        return new Stored(entry, Integer.toString(++version));
    }
}
