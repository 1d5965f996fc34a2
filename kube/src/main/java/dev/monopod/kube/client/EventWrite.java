package dev.monopod.kube.client;

import java.time.Instant;

/// What is to be written of an event.
sealed interface EventWrite {
    /// One object, with a count: created, or changed if it is there.
    ///
    /// @param name of the object
    /// @param first when the event was seen first
    /// @param last when it was seen last
    record Store(EventDraft draft, String name, int count, Instant first, Instant last)
            implements EventWrite {}

    /// Nothing: too many events of this object came in a short time.
    record Drop() implements EventWrite {}
}
