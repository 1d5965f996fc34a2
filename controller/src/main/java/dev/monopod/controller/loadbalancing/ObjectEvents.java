package dev.monopod.controller.loadbalancing;

import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells users, as Warning events on their object, why it is not served; the same thing once, until
/// it is another. One caller at a time.
final class ObjectEvents {
    private static final Logger LOG = LoggerFactory.getLogger(ObjectEvents.class);
    private static final String SOURCE = "monopod-load-balancers";
    private static final int MOST_REMEMBERED = 10_000;

    private final KubernetesClient client;
    private final Clock clock;
    private final Map<String, String> told = new HashMap<>();

    ObjectEvents(KubernetesClient client, Clock clock) {
        this.client = client;
        this.clock = clock;
    }

    void forget(HasMetadata object) {
        told.remove(object.getMetadata().getUid());
    }

    void warning(HasMetadata object, String reason, String message) {
        var meta = object.getMetadata();
        if (message.equals(told.get(meta.getUid()))) {
            return;
        }
        if (told.size() > MOST_REMEMBERED) {
            told.clear();
        }
        var time = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
        try {
            client.v1()
                    .events()
                    .inNamespace(meta.getNamespace())
                    .resource(
                            new EventBuilder()
                                    .withNewMetadata()
                                    .withName(
                                            meta.getName()
                                                    + "."
                                                    + Long.toHexString(System.nanoTime()))
                                    .withNamespace(meta.getNamespace())
                                    .endMetadata()
                                    .withNewInvolvedObject()
                                    .withApiVersion(object.getApiVersion())
                                    .withKind(object.getKind())
                                    .withNamespace(meta.getNamespace())
                                    .withName(meta.getName())
                                    .withUid(meta.getUid())
                                    .endInvolvedObject()
                                    .withType("Warning")
                                    .withReason(reason)
                                    .withMessage(message)
                                    .withCount(1)
                                    .withFirstTimestamp(time)
                                    .withLastTimestamp(time)
                                    .withNewSource()
                                    .withComponent(SOURCE)
                                    .endSource()
                                    .withReportingComponent(SOURCE)
                                    .withReportingInstance(SOURCE)
                                    .build())
                    .create();
            told.put(meta.getUid(), message);
            LOG.info(
                    "{} {}/{}: {}", object.getKind(), meta.getNamespace(), meta.getName(), message);
        } catch (KubernetesClientException e) {
            LOG.info("event on {}/{}: {}", meta.getNamespace(), meta.getName(), e.getMessage());
        }
    }
}
