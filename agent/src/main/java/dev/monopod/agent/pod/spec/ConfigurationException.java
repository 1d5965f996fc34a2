package dev.monopod.agent.pod.spec;

/// The pod's specification can't be carried out for now: something that it names is not there.
public final class ConfigurationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;

    public ConfigurationException(String message) {
        this("CreateContainerConfigError", message);
    }

    /// @param reason of the container's waiting state
    public ConfigurationException(String reason, String message) {
        super(message);
        this.reason = reason;
    }

    public String reason() {
        return reason;
    }
}
