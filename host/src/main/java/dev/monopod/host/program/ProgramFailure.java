package dev.monopod.host.program;

import java.io.IOException;

/// A program of the host did not do what was asked. The message names the program, what happened
/// and its last words.
public final class ProgramFailure extends IOException {
    private static final long serialVersionUID = 1;

    public ProgramFailure(String message) {
        super(message);
    }

    public ProgramFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
