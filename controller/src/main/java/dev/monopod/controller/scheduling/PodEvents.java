package dev.monopod.controller.scheduling;

import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells users, as events on their pod, what the scheduler did. A repeated event raises the count
/// of the first, at most once a minute. Thread-safe.
final class PodEvents {
    private static final Logger LOG = LoggerFactory.getLogger(PodEvents.class);
    private static final long REPEAT_SECONDS = 60;
    private static final int MOST_REMEMBERED = 10_000;

    private final KubernetesClient client;
    private final Clock clock;
    private final Map<String, Told> told = new HashMap<>();

    private record Told(String name, int count, Instant last) {}

    PodEvents(KubernetesClient client, Clock clock) {
        this.client = client;
        this.clock = clock;
    }

    void normal(Pod pod, String reason, String message) {
        tell(pod, "Normal", reason, message);
    }

    void warning(Pod pod, String reason, String message) {
        tell(pod, "Warning", reason, message);
    }

    private synchronized void tell(Pod pod, String type, String reason, String message) {
        var now = clock.instant();
        var key = pod.getMetadata().getUid() + reason + message;
        var before = told.get(key);
        if (before != null && now.isBefore(before.last().plusSeconds(REPEAT_SECONDS))) {
            return;
        }
        if (told.size() > MOST_REMEMBERED) {
            told.clear();
        }
        try {
            told.put(
                    key,
                    before == null
                            ? create(pod, type, reason, message, now)
                            : repeat(pod, before, now));
        } catch (KubernetesClientException e) {
            // An event is a courtesy; the condition on the pod tells the same.
            LOG.debug("event {} on {}: {}", reason, pod.getMetadata().getName(), e.getMessage());
        }
    }

    private Told create(Pod pod, String type, String reason, String message, Instant now) {
        var meta = pod.getMetadata();
        var time = now.truncatedTo(ChronoUnit.SECONDS).toString();
        var name = meta.getName() + "." + Long.toHexString(System.nanoTime());
        client.v1()
                .events()
                .inNamespace(meta.getNamespace())
                .resource(
                        new EventBuilder()
                                .withNewMetadata()
                                .withName(name)
                                .withNamespace(meta.getNamespace())
                                .endMetadata()
                                .withNewInvolvedObject()
                                .withApiVersion("v1")
                                .withKind("Pod")
                                .withNamespace(meta.getNamespace())
                                .withName(meta.getName())
                                .withUid(meta.getUid())
                                .endInvolvedObject()
                                .withType(type)
                                .withReason(reason)
                                .withMessage(message)
                                .withCount(1)
                                .withFirstTimestamp(time)
                                .withLastTimestamp(time)
                                .withNewSource()
                                .withComponent(Names.SCHEDULER_NAME)
                                .endSource()
                                .withReportingComponent(Names.SCHEDULER_NAME)
                                .withReportingInstance(Names.SCHEDULER_NAME)
                                .build())
                .create();
        return new Told(name, 1, now);
    }

    private Told repeat(Pod pod, Told before, Instant now) {
        var count = before.count() + 1;
        client.v1()
                .events()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(before.name())
                .edit(event ->
                        new EventBuilder(event)
                                .withCount(count)
                                .withLastTimestamp(now.truncatedTo(ChronoUnit.SECONDS).toString())
                                .build());
        return new Told(before.name(), count, now);
    }
}
