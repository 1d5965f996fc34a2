package dev.monopod.controller.scheduling;

import dev.monopod.kube.api.Machine;
import dev.monopod.kube.client.Events;
import dev.monopod.logging.config.Fault;
import dev.monopod.logging.plan.PodLogging;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.function.Supplier;

/// What the scheduler tells users on their pods. Never blocks but to learn of logging, and never
/// throws for an event. Thread-safe.
final class PodNews {
    private static final Fault BEFORE =
            new Fault(
                    "it came after the pod's Machine was made",
                    "data",
                    "pods that come now have logging enabled");

    private final Events events;
    private final Supplier<PodLogging> logging;

    /// @param logging what a pod is told of it that is placed now
    PodNews(Events events, Supplier<PodLogging> logging) {
        this.events = events;
        this.logging = logging;
    }

    /// To be told alike by annotation and event.
    PodLogging logging() {
        return logging.get();
    }

    /// Of a Machine that was made before: it keeps what it was given.
    PodLogging logging(Machine machine) {
        var kept = machine.getSpec().logging();
        var now = logging.get();
        if (kept != null && !kept.isEmpty()) {
            return new PodLogging.Enabled(kept);
        }
        return now instanceof PodLogging.Enabled ? new PodLogging.NotServed(BEFORE) : now;
    }

    void refused(Pod pod, String message) {
        events.warning(pod, "FailedScheduling", message);
    }

    void held(SchedulingStep.Hold hold) {
        events.warning(hold.pod(), hold.eventReason(), hold.message());
    }

    void placed(Pod pod, String key, String node, PodLogging logging) {
        if (logging instanceof PodLogging.Enabled) {
            events.normal(pod, logging.reason(), logging.message());
        } else {
            events.warning(pod, logging.reason(), logging.message());
        }
        events.normal(pod, "Scheduled", "Successfully assigned %s to %s".formatted(key, node));
    }
}
