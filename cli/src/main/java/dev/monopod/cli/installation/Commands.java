package dev.monopod.cli.installation;

import dev.monopod.cli.terminal.CliException;
import dev.monopod.host.program.HostPrograms;
import dev.monopod.host.program.Outcome;
import dev.monopod.host.program.Program;
import dev.monopod.host.program.ProgramFailure;
import dev.monopod.host.program.ProgramRunner;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The host's programs, as commands use them: for what they print, or for what stands against them.
public final class Commands {
    /// The routes and links of a large host are long.
    private static final int MOST_OUTPUT_BYTES = 16 << 20;

    private static final ProgramRunner RUNNER = new HostPrograms();

    private Commands() {}

    /// What a program prints that must succeed.
    public static String output(Duration limit, String... command) {
        try {
            return RUNNER.output(program(limit, List.of(command)));
        } catch (ProgramFailure failure) {
            throw new CliException(String.valueOf(failure.getMessage()));
        }
    }

    /// What a program of Monopod's prints that must succeed; what it says if it does not is meant
    /// for the user.
    public static String answer(Duration limit, String... command) {
        var outcome = RUNNER.run(program(limit, List.of(command)));
        if (outcome instanceof Outcome.Ended ended && ended.succeeded()) {
            return ended.output().kept();
        }
        throw new CliException(
                trouble(outcome, limit, command).orElseThrow().replaceFirst("^Error: ", ""));
    }

    /// What a program prints; nothing if it fails, in whatever way.
    public static String outputIfAny(Duration limit, String... command) {
        return RUNNER.run(program(limit, List.of(command)))
                                instanceof Outcome.Ended(int code, var output, var _)
                        && code == 0
                ? output.kept()
                : "";
    }

    /// Why a program failed: the last line of what it said; empty if it succeeded.
    public static Optional<String> trouble(Duration limit, String... command) {
        return trouble(RUNNER.run(program(limit, List.of(command))), limit, command);
    }

    private static Optional<String> trouble(Outcome outcome, Duration limit, String... command) {
        return switch (outcome) {
            case Outcome.Ended ended when ended.succeeded() -> Optional.empty();
            case Outcome.Ended ended ->
                    Optional.of(ended.words().lines().reduce("", (before, line) -> line));
            case Outcome.TooLate _ ->
                    Optional.of("%s: no end within %d s".formatted(command[0], limit.toSeconds()));
            case Outcome.NotStarted(var reason) -> Optional.of(command[0] + ": " + reason);
            case Outcome.InputFailed(var cause) -> Optional.of(command[0] + ": " + cause);
            case Outcome.Interrupted _ -> Optional.of(command[0] + ": interrupted");
        };
    }

    /// Starts a program that outlives this command.
    ///
    /// @param log to which it writes
    public static void start(Path log, String... command) {
        try {
            RUNNER.start(program(Duration.ofSeconds(1), List.of(command)), log);
        } catch (ProgramFailure failure) {
            throw new CliException(String.valueOf(failure.getMessage()));
        }
    }

    private static Program program(Duration limit, List<String> command) {
        return Program.of(limit, command).keeping(MOST_OUTPUT_BYTES);
    }
}
