package dev.monopod.agent.pod;

/// The pod's specification can't be carried out for now: something that it names is not there.
final class ConfigurationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;

    ConfigurationException(String message) {
        this("CreateContainerConfigError", message);
    }

    /// @param reason of the container's waiting state
    ConfigurationException(String reason, String message) {
        super(message);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
