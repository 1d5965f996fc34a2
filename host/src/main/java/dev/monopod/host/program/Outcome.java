package dev.monopod.host.program;

import java.io.IOException;

/// How the run of a program came out. In every case nothing of its process group is left.
public sealed interface Outcome {
    /// It ended by itself.
    ///
    /// @param code its exit code, or 128 and the signal's number
    record Ended(int code, Text output, Text errors) implements Outcome {
        public boolean succeeded() {
            return code == 0;
        }

        /// What it said, for messages: its errors, or its output if it wrote no errors.
        public String words() {
            return (errors.kept().isBlank() ? output.kept() : errors.kept()).strip();
        }
    }

    /// It did not end within its limit and was killed.
    record TooLate(Text output, Text errors) implements Outcome {}

    /// It could not be started.
    record NotStarted(String reason) implements Outcome {}

    /// What it should have read could not be made, so it was killed.
    record InputFailed(IOException cause) implements Outcome {}

    /// The calling thread was interrupted, and still is; the program was killed.
    record Interrupted() implements Outcome {}
}
