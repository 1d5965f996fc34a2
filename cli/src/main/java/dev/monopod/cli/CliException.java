package dev.monopod.cli;

/// Something that the user can read and act on: printed as one line (and a remedy), never as a
/// stack trace. Ends the command with exit code 1.
final class CliException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String fix;

    CliException(String message) {
        this(message, "");
    }

    CliException(String message, String fix) {
        super(message);
        this.fix = fix;
    }

    /// What the user can do about it; empty if nothing is known.
    String fix() {
        return fix;
    }
}
