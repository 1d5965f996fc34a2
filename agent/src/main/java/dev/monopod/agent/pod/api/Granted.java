package dev.monopod.agent.pod.api;

import dev.monopod.kube.client.ApiCode;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/// Reads what this host has a right to once a pod that names it is here. The controller gives the
/// right when it sees the Machine, as this agent does, so a refusal soon afterwards is asked again.
/// Thread-safe.
final class Granted {
    private static final long FIRST_MILLIS = 20;
    private static final long LAST_MILLIS = 640;

    /// All waits together last five seconds; then it is a failure like others, and the caller's
    /// back-off follows.
    private static final int MOST_TRIES = 12;

    private final LongConsumer waiter;

    Granted() {
        this(millis -> LockSupport.parkNanos(Duration.ofMillis(millis).toNanos()));
    }

    /// @param waiter waits so many milliseconds, or less if the thread is interrupted
    Granted(LongConsumer waiter) {
        this.waiter = waiter;
    }

    /// @throws KubernetesClientException the last refusal, or another answer at once
    <T> T ask(Supplier<T> call) {
        var wait = FIRST_MILLIS;
        for (var tries = 1; ; tries++) {
            try {
                return call.get();
            } catch (KubernetesClientException e) {
                if (!ApiCode.FORBIDDEN.in(e)
                        || tries == MOST_TRIES
                        || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
            }
            waiter.accept(wait);
            wait = Math.min(2 * wait, LAST_MILLIS);
        }
    }
}
