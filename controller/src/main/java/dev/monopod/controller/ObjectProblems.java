package dev.monopod.controller;

import dev.monopod.kube.client.Events;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells users, as Warning events on their object, why it is not served; the same thing once, until
/// it is another: each pass over the objects finds it again. One caller at a time.
public final class ObjectProblems {
    private static final Logger LOG = LoggerFactory.getLogger(ObjectProblems.class);
    private static final int MOST_REMEMBERED = 10_000;

    private final Events events;
    private final Map<String, String> told = new HashMap<>();

    public ObjectProblems(Events events) {
        this.events = events;
    }

    public void forget(HasMetadata object) {
        told.remove(object.getMetadata().getUid());
    }

    public void warning(HasMetadata object, String reason, String message) {
        var meta = object.getMetadata();
        if (message.equals(told.get(meta.getUid()))) {
            return;
        }
        if (told.size() > MOST_REMEMBERED) {
            told.clear();
        }
        told.put(meta.getUid(), message);
        events.warning(object, reason, message);
        LOG.info("{} {}/{}: {}", object.getKind(), meta.getNamespace(), meta.getName(), message);
    }
}
