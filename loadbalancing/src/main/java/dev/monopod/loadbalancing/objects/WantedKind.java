package dev.monopod.loadbalancing.objects;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Map;
import java.util.Set;

/// A kind of objects that load balancers are made of.
///
/// @param fields of those that are wanted, and their values
/// @param labels that those that are wanted have, with any value
/// @param needed whether it is waited for; else it may be served later, or never
public record WantedKind<T extends HasMetadata>(
        Class<T> type, Map<String, String> fields, Set<String> labels, boolean needed) {
    static <T extends HasMetadata> WantedKind<T> all(Class<T> type) {
        return new WantedKind<>(type, Map.of(), Set.of(), true);
    }

    static <T extends HasMetadata> WantedKind<T> field(Class<T> type, String field, String value) {
        return new WantedKind<>(type, Map.of(field, value), Set.of(), true);
    }

    static <T extends HasMetadata> WantedKind<T> labelled(Class<T> type, String label) {
        return new WantedKind<>(type, Map.of(), Set.of(label), true);
    }

    static <T extends HasMetadata> WantedKind<T> optional(Class<T> type) {
        return new WantedKind<>(type, Map.of(), Set.of(), false);
    }
}
