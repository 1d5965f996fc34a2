package dev.monopod.eks.podidentity;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Associations of a test.
public final class MemoryAssociations implements Associations {
    private final List<Stored> all = new ArrayList<>();
    private int version;

    @Override
    public List<Stored> list() {
        return List.copyOf(all);
    }

    @Override
    public Optional<Stored> find(String namespace, String serviceAccount) {
        return all.stream()
                .filter(one ->
                        one.association().namespace().equals(namespace)
                                && one.association().serviceAccount().equals(serviceAccount))
                .findFirst();
    }

    @Override
    public boolean create(Association association) {
        return find(association.namespace(), association.serviceAccount()).isEmpty()
                && all.add(stored(association));
    }

    @Override
    public boolean replace(Stored before, Association after) {
        return all.remove(before) && all.add(stored(after));
    }

    @Override
    public boolean delete(Association association) {
        return all.removeIf(one -> one.association().equals(association));
    }

    private Stored stored(Association association) {
        return new Stored(association, Integer.toString(++version));
    }
}
