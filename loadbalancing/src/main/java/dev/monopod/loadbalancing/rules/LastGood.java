package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// What objects said when they could be read last, so that a slip of a user changes nothing instead
/// of ending what is served. Forgotten with the object, and by a restart. One caller at a time.
public final class LastGood<T> {
    private final Map<String, T> known = new HashMap<>();

    /// One object from its creation to its end, whatever has its name afterwards.
    static String key(HasMetadata object) {
        var meta = object.getMetadata();
        return meta.getNamespace()
                + "/"
                + meta.getName()
                + "/"
                + Objects.requireNonNullElse(meta.getUid(), "");
    }

    void learn(HasMetadata object, T good) {
        known.put(key(object), good);
    }

    Optional<T> of(HasMetadata object) {
        return Optional.ofNullable(known.get(key(object)));
    }

    void retainOnly(Set<String> keys) {
        known.keySet().retainAll(keys);
    }

    /// What the user is told.
    static String told(Throwable malformed, Optional<?> before) {
        var why =
                malformed instanceof BadAnnotation bad
                        ? bad.told()
                        : "it can't be read: " + Readable.text(String.valueOf(malformed));
        return before.isPresent() ? why + ". It is served as it was before" : why;
    }
}
