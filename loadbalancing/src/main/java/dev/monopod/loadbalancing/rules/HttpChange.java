package dev.monopod.loadbalancing.rules;

/// What is changed in a request before it is sent on, or in its answer.
public sealed interface HttpChange {
    enum Direction {
        REQUEST,
        RESPONSE
    }

    record SetHeader(Direction direction, String name, String value) implements HttpChange {}

    record AddHeader(Direction direction, String name, String value) implements HttpChange {}

    record RemoveHeader(Direction direction, String name) implements HttpChange {}

    record ReplacePath(String path) implements HttpChange {}

    /// Whole elements at the start of the path are replaced.
    record ReplacePrefix(String prefix, String by) implements HttpChange {}
}
