package dev.monopod.kube.client;

import io.fabric8.kubernetes.api.model.HasMetadata;

/// Tells users, as events on an object, what one part of Monopod did with it. Never blocks and
/// never throws: an event is a courtesy. Thread-safe.
public interface Events {
    /// Tells nobody.
    Events NONE = (_, _, _, _, _) -> {};

    /// @param fieldPath the part of the object, such as `spec.containers{web}`; empty for the whole
    /// @param message without numbers that change from one time to the next: events that are equal
    ///   are counted
    void event(HasMetadata object, EventType type, String reason, String message, String fieldPath);

    default void normal(HasMetadata object, String reason, String message) {
        event(object, EventType.NORMAL, reason, message, "");
    }

    default void warning(HasMetadata object, String reason, String message) {
        event(object, EventType.WARNING, reason, message, "");
    }
}
