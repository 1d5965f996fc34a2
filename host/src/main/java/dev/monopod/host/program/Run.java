package dev.monopod.host.program;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// One run of a program to its end. The calling thread waits for the process alone, never for its
/// pipes: their readers and the writer have threads of their own.
final class Run {
    /// What a killed program may take to be gone, and the last of its output to arrive.
    private static final Duration GRACE = Duration.ofMillis(400);

    private final Program program;
    private final Process process;
    private final ProcessGroup group;
    private final OutputReader output;
    private final OutputReader errors;
    private final InputWriter input;
    private final long end;

    Run(Program program, Process process) {
        var name = program.command().getFirst();
        this.program = program;
        this.process = process;
        this.group = new ProcessGroup(process);
        this.end = System.nanoTime() + program.limit().toNanos();
        this.output =
                new OutputReader(
                        "output of " + name, process.getInputStream(), program.mostOutputBytes());
        this.errors =
                new OutputReader(
                        "errors of " + name, process.getErrorStream(), program.mostOutputBytes());
        this.input =
                new InputWriter(
                        "input of " + name,
                        program.input(),
                        process.getOutputStream(),
                        group::kill);
    }

    Outcome outcome() {
        var hook = Thread.ofPlatform().unstarted(group::kill);
        var hooked = hook(hook);
        try {
            return awaited();
        } catch (InterruptedException e) {
            group.kill();
            input.interrupt();
            Thread.currentThread().interrupt();
            return new Outcome.Interrupted();
        } finally {
            if (hooked) {
                unhook(hook);
            }
        }
    }

    private Outcome awaited() throws InterruptedException {
        var inTime = process.waitFor(program.limit().toNanos(), TimeUnit.NANOSECONDS);
        if (!inTime) {
            group.kill();
            input.interrupt();
            // In the kernel's hands it may not die at once; nobody waits longer for it.
            process.waitFor(GRACE.toNanos(), TimeUnit.NANOSECONDS);
        } else {
            group.killRest();
            // What the source uses is the caller's: it has to be done with it.
            input.awaitEnd(Duration.ofNanos(end - System.nanoTime()));
        }
        output.awaitEnd(GRACE);
        errors.awaitEnd(GRACE.dividedBy(4));
        var failure = input.failure();
        if (!inTime) {
            return new Outcome.TooLate(output.text(), errors.text());
        }
        return failure.isPresent()
                ? new Outcome.InputFailed(failure.get())
                : new Outcome.Ended(process.exitValue(), output.text(), errors.text());
    }

    /// A program must not outlive the process that waits for it: it hears no ^C, in a session of
    /// its own.
    private static boolean hook(Thread hook) {
        try {
            Runtime.getRuntime().addShutdownHook(hook);
            return true;
        } catch (IllegalStateException endsAlready) {
            return false;
        }
    }

    private static void unhook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException endsAlready) {
            // The hook runs; there is nothing left to kill.
            return;
        }
    }
}
