package dev.monopod.kube.client;

import dev.monopod.model.loop.Recurrence;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletionException;

/// What is said of a watch that fails and begins anew, ever more seldom: a kind that a cluster does
/// not serve fails twice a minute for ever. Thread-safe.
final class WatchFailures {
    private final String kind;
    private final InstantSource clock;
    private Recurrence times = Recurrence.NONE;

    /// @param kind in the plural, with its group
    WatchFailures(String kind, InstantSource clock) {
        this.kind = kind;
        this.clock = clock;
    }

    /// The line to log; empty if this failure is one of many.
    synchronized Optional<String> line(Throwable failure) {
        times = times.another(clock.instant());
        return times.isTold()
                ? Optional.of(
                        "cannot watch %s, trying again (failures lately: %d): %s"
                                .formatted(kind, times.number(), words(failure)))
                : Optional.empty();
    }

    private static String words(Throwable failure) {
        var cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        var told = cause.getMessage();
        if (cause instanceof KubernetesClientException answer
                && answer.getStatus() != null
                && answer.getStatus().getMessage() != null) {
            told = answer.getStatus().getMessage();
        }
        return told == null
                ? cause.getClass().getSimpleName()
                : told.lines().findFirst().orElse(cause.getClass().getSimpleName());
    }
}
