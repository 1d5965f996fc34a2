package dev.monopod.kube.health;

import dev.monopod.model.loop.LoopHealth;
import dev.monopod.model.loop.LoopHealth.State;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.stream.Stream;

/// The answer to one probe: a line for the start, for each loop of the process, and for each kind
/// of loop that pods have, as the API server's own `/readyz?verbose` has them.
record HealthReport(int status, String body) {
    /// Fine when the start is over and no loop fails that all of the process needs.
    ///
    /// @param awaited what the start waits for; empty when it is over
    static HealthReport ready(String awaited, List<LoopHealth> loops) {
        return of(
                "readyz",
                awaited.isEmpty() && loops.stream().noneMatch(LoopHealth::harmsProcess),
                awaited,
                loops);
    }

    /// Fine unless a new start would help: this one does not go on, or a loop hangs, or has ended.
    /// One that fails does not count, as the API server's absence is not mended by a new start.
    static HealthReport alive(boolean goesOn, String awaited, List<LoopHealth> loops) {
        return of(
                "healthz",
                goesOn
                        && loops.stream()
                                .noneMatch(loop ->
                                        loop.harmsProcess() && helpedByRestart(loop.state())),
                awaited,
                loops);
    }

    static HealthReport unknown(String path) {
        return new HealthReport(
                HttpURLConnection.HTTP_NOT_FOUND, path + ": there are /healthz and /readyz\n");
    }

    private static boolean helpedByRestart(State state) {
        return switch (state) {
            case State.Fine(), State.Failing(_) -> false;
            case State.Stalled(_), State.Ended() -> true;
        };
    }

    private static HealthReport of(
            String check, boolean passed, String awaited, List<LoopHealth> loops) {
        var start = awaited.isEmpty() ? "[+]start ok" : "[-]start failed: " + awaited;
        var lines =
                Stream.concat(Stream.of(start), LoopHealth.lines(loops).stream())
                        .reduce("", (text, line) -> text + line + "\n");
        return new HealthReport(
                passed ? HttpURLConnection.HTTP_OK : HttpURLConnection.HTTP_UNAVAILABLE,
                lines + check + " check " + (passed ? "passed" : "failed") + "\n");
    }
}
