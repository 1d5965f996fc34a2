package dev.monopod.cli.terminal;

/// Something that the user can read and act on: printed as one line (and a remedy), never as a
/// stack trace. Ends the command with exit code 1.
public final class CliException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String fix;

    public CliException(String message) {
        this(message, "");
    }

    public CliException(String message, String fix) {
        super(message);
        this.fix = fix;
    }

    /// What the user can do about it; empty if nothing is known.
    public String fix() {
        return fix;
    }
}
