package dev.monopod.kube.client;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Objects;

/// What one event says. Two that are equal are the same event, seen twice.
///
/// @param component the program's name, as `kubectl describe` shows it
/// @param host the program's host; empty for one that belongs to none
/// @param fieldPath the part of the object, such as `spec.containers{web}`; empty for the whole
record EventDraft(
        String component,
        String host,
        Subject subject,
        EventType type,
        String reason,
        String fieldPath,
        String message) {

    /// The object that events speak of. One without a namespace has its events in `default`.
    record Subject(String apiVersion, String kind, String namespace, String name, String uid) {
        static Subject of(HasMetadata object) {
            var meta = object.getMetadata();
            return new Subject(
                    object.getApiVersion(),
                    object.getKind(),
                    Objects.requireNonNullElse(meta.getNamespace(), ""),
                    meta.getName(),
                    Objects.requireNonNullElse(meta.getUid(), ""));
        }

        String eventNamespace() {
            return namespace.isEmpty() ? "default" : namespace;
        }
    }

    /// The same of a message that stands for several.
    EventDraft saying(String other) {
        return new EventDraft(component, host, subject, type, reason, fieldPath, other);
    }
}
