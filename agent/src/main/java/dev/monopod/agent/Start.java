package dev.monopod.agent;

import dev.monopod.kube.health.HealthServer;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;

/// The start of the agent, step by step. Each is tried until it succeeds, whatever it throws: the
/// API server or its CRDs may come later than the agent, and what else hinders a start may pass.
/// `/readyz` says all the while which step fails, and why.
///
/// @param stopping done when the process is to end
record Start(Loops loops, HealthServer health, CompletableFuture<Void> stopping) {
    /// Long: to take up the machines of a large host is one step, and no new start makes it faster.
    private static final Pace PACE =
            Pace.whenNudged()
                    .withRetries(Duration.ofSeconds(2), Duration.ofSeconds(5))
                    .withLimit(Duration.ofMinutes(5));

    /// Returns the result of the first try that succeeds.
    ///
    /// @throws InterruptedException if the process is to end before that
    <T> T step(String what, Callable<T> action) throws InterruptedException {
        var result = new CompletableFuture<T>();
        try (var loop = loops.loop(what, PACE, () -> attempt(what, action, result))) {
            loop.start();
            CompletableFuture.anyOf(result, stopping).join();
        }
        if (!result.isDone()) {
            throw new InterruptedException("stopped while waiting for " + what);
        }
        return result.join();
    }

    private <T> void attempt(String what, Callable<T> action, CompletableFuture<T> result)
            throws Exception {
        health.awaits(what);
        try {
            result.complete(action.call());
        } catch (Exception | LinkageError | StackOverflowError e) {
            health.awaits(what + ": " + e.getMessage());
            throw e;
        }
    }
}
