package dev.monopod.cli.terminal;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

/// Says each step of a long command as it ends, with its time: `✓` or `✗`. On a terminal the step
/// that runs is shown too; elsewhere each step is one plain line.
public final class Steps {
    private final PrintStream out;
    private final List<Step> done = new ArrayList<>();
    private final boolean terminal;

    /// A step that ended well.
    public record Step(String name, long millis) {}

    public Steps(PrintStream out) {
        this.out = out;
        var console = System.console();
        this.terminal = console != null && console.isTerminal();
    }

    public <T> T step(String name, Callable<T> work) {
        if (terminal) {
            out.print("  " + name + " …");
            out.flush();
        }
        var start = System.nanoTime();
        try {
            var result = work.call();
            finished("✓", name, start);
            done.add(new Step(name, millisSince(start)));
            return result;
        } catch (Exception failure) {
            finished("✗", name, start);
            if (failure instanceof RuntimeException unchecked) {
                throw unchecked;
            }
            throw new CliException(name + ": " + failure);
        }
    }

    public void step(String name, Runnable work) {
        step(
                name,
                () -> {
                    work.run();
                    return "";
                });
    }

    /// A line below the current step.
    public void note(String text) {
        out.println((terminal ? "\r\u001b[K" : "") + "  " + text);
    }

    public List<Step> done() {
        return List.copyOf(done);
    }

    private void finished(String mark, String name, long start) {
        var line = "%s %-52s %6.1f s".formatted(mark, name, millisSince(start) / 1000.0);
        out.println((terminal ? "\r\u001b[K" : "") + line);
    }

    private static long millisSince(long start) {
        return Duration.ofNanos(System.nanoTime() - start).toMillis();
    }

    static String seconds(long millis) {
        return String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
    }
}
