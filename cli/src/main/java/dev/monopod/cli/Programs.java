package dev.monopod.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// Runs other programs to their end, within a time limit, with both outputs kept.
final class Programs {
    private Programs() {}

    /// How a program ended; -1 stands for one that could not be started or took too long.
    record Result(int exitCode, String output, String errors) {
        boolean succeeded() {
            return exitCode == 0;
        }

        /// The last line that says something, for messages.
        String lastLine() {
            String all = errors.isBlank() ? output : errors;
            return all.strip().lines().reduce("", (before, line) -> line);
        }
    }

    static Result run(Duration limit, String... command) {
        return run(limit, List.of(command));
    }

    static Result run(Duration limit, List<String> command) {
        Process process;
        try {
            process = new ProcessBuilder(command).start();
            process.getOutputStream().close();
        } catch (IOException failure) {
            return new Result(-1, "", command.getFirst() + ": " + failure.getMessage());
        }
        try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<String> output = readers.submit(() -> read(process.getInputStream()));
            Future<String> errors = readers.submit(() -> read(process.getErrorStream()));
            boolean inTime = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (!inTime) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
            }
            String late =
                    inTime
                            ? ""
                            : "\n%s: no end within %d s"
                                    .formatted(command.getFirst(), limit.toSeconds());
            return new Result(inTime ? process.exitValue() : -1, output.get(), errors.get() + late);
        } catch (InterruptedException interruption) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
            throw new CliException("interrupted");
        } catch (ExecutionException failure) {
            throw new IllegalStateException(failure);
        }
    }

    /// Output of a program that must succeed.
    static String output(Duration limit, String... command) {
        Result result = run(limit, command);
        if (!result.succeeded()) {
            throw new CliException(
                    "`%s` failed: %s".formatted(String.join(" ", command), result.lastLine()));
        }
        return result.output();
    }

    private static String read(InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
