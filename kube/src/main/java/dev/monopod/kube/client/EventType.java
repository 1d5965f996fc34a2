package dev.monopod.kube.client;

/// Whether an event tells of the ordinary way or of trouble.
public enum EventType {
    NORMAL("Normal"),
    WARNING("Warning");

    private final String text;

    EventType(String text) {
        this.text = text;
    }

    /// As the API writes it.
    String text() {
        return text;
    }
}
