package dev.monopod.agent.pod;

/// The pod's specification can't be carried out for now: something that it names is not there.
final class ConfigurationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ConfigurationException(String message) {
        super(message);
    }
}
