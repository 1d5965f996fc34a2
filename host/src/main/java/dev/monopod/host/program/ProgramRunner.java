package dev.monopod.host.program;

import java.nio.file.Path;

/// Runs programs of the host. Thread-safe.
public interface ProgramRunner {
    /// Runs a program to its end. Returns within its limit and one second, whatever the program
    /// does: it may ignore signals, write without end, or leave children that hold its outputs.
    /// When this returns, no process of its group runs; only one that has left the group and whose
    /// parent has ended is out of reach.
    ///
    /// Blocks the calling thread; never throws for what the program does.
    Outcome run(Program program);

    /// Starts a program that may outlive this process: in a session of its own, in the folder `/`,
    /// reading nothing, both its outputs appended to a file. Its limit and input mean nothing here.
    ///
    /// @throws ProgramFailure if it can't be started
    Running start(Program program, Path log) throws ProgramFailure;

    /// Standard output of a program that must succeed.
    ///
    /// @throws ProgramFailure in every other case, with the program's own words
    default String output(Program program) throws ProgramFailure {
        return switch (run(program)) {
            case Outcome.Ended ended when !ended.succeeded() ->
                    throw new ProgramFailure(
                            "%s failed with exit code %d: %s"
                                    .formatted(program, ended.code(), ended.words()));
            case Outcome.Ended ended when ended.output().droppedBytes() > 0 ->
                    throw new ProgramFailure(
                            "%s wrote %d bytes more than the limit of %d"
                                    .formatted(
                                            program,
                                            ended.output().droppedBytes(),
                                            program.mostOutputBytes()));
            case Outcome.Ended ended -> ended.output().kept();
            case Outcome.TooLate _ ->
                    throw new ProgramFailure(
                            "%s did not end within %d ms and was killed"
                                    .formatted(program, program.limit().toMillis()));
            case Outcome.NotStarted(var reason) ->
                    throw new ProgramFailure("cannot run %s: %s".formatted(program, reason));
            case Outcome.InputFailed(var cause) ->
                    throw new ProgramFailure(
                            "cannot write the input of %s: %s"
                                    .formatted(program, cause.getMessage()),
                            cause);
            case Outcome.Interrupted _ ->
                    throw new ProgramFailure("interrupted while running " + program);
        };
    }
}
