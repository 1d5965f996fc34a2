package dev.monopod.loadbalancing.objects;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// The objects of one kind, as somebody keeps them; they may lag. Thread-safe.
public interface KeptKind<T extends HasMetadata> {
    List<T> list();

    /// @param key `NAMESPACE/NAME`, or the name of what has no namespace
    Optional<T> find(String key);

    /// Makes [#indexed] know the objects by these keys. Called once, before any object is there.
    void index(Function<T, List<String>> keys);

    Collection<T> indexed(String key);
}
