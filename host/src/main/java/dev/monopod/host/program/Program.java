package dev.monopod.host.program;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// A program to run, as data.
///
/// @param command name (looked up on `PATH`) or path, then arguments
/// @param limit how long a run may take
/// @param mostOutputBytes of each output that are kept
public record Program(
        List<String> command,
        Environment environment,
        Input input,
        Duration limit,
        int mostOutputBytes) {
    private static final int MEBIBYTE = 1 << 20;
    private static final int LONGEST_NAME = 200;

    public Program {
        command = List.copyOf(command);
        if (command.isEmpty()) {
            throw new IllegalArgumentException("a program needs a name");
        }
        if (!limit.isPositive()) {
            throw new IllegalArgumentException(
                    "the limit of %s must be positive: %s".formatted(command.getFirst(), limit));
        }
        if (mostOutputBytes < 0) {
            throw new IllegalArgumentException("cannot keep %d bytes".formatted(mostOutputBytes));
        }
    }

    /// What the program finds in its environment.
    public sealed interface Environment {
        /// All that this process has, and this.
        record Inherited(Map<String, String> added) implements Environment {
            public Inherited {
                added = Map.copyOf(added);
            }
        }

        /// `PATH` and this alone: for programs that secrets must not reach.
        record Bare(Map<String, String> added) implements Environment {
            public Bare {
                added = Map.copyOf(added);
            }
        }
    }

    /// Writes what the program reads. It runs on a thread of its own, which is interrupted when the
    /// limit is over. What the stream throws, because the program reads no more, may be passed on;
    /// any other exception ends the program.
    @FunctionalInterface
    public interface Input {
        void writeTo(OutputStream out) throws IOException;
    }

    /// A program that reads nothing, in this process' environment, of whose outputs 1 MiB each is
    /// kept.
    public static Program of(Duration limit, List<String> command) {
        return new Program(
                command, new Environment.Inherited(Map.of()), out -> {}, limit, MEBIBYTE);
    }

    public static Program of(Duration limit, String... command) {
        return of(limit, List.of(command));
    }

    public Program withInput(Input written) {
        return new Program(command, environment, written, limit, mostOutputBytes);
    }

    public Program withInput(byte[] written) {
        return withInput(out -> out.write(written));
    }

    public Program withInput(String written) {
        return withInput(written.getBytes(StandardCharsets.UTF_8));
    }

    public Program withEnvironment(Environment other) {
        return new Program(command, other, input, limit, mostOutputBytes);
    }

    public Program keeping(int outputBytes) {
        return new Program(command, environment, input, limit, outputBytes);
    }

    /// The command line, for messages; a long one is cut.
    @Override
    public String toString() {
        var line = String.join(" ", command);
        return line.length() <= LONGEST_NAME ? line : line.substring(0, LONGEST_NAME) + "…";
    }
}
