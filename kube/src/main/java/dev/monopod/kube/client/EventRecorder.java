package dev.monopod.kube.client;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes a process' events, equal and similar ones as few objects ([EventCorrelator]). Who records
/// one never waits: a queue of 1000 takes it, one thread writes, and what finds the queue full is
/// dropped, with one line in the log. Needs the verbs `create` and `patch` on events, and no `get`.
/// An API server that cannot be reached is asked again every ten seconds, twelve times for one
/// event. Whoever makes the recorder closes it, before its client.
public final class EventRecorder implements AutoCloseable {
    static final int MOST_WAITING = 1000;

    private static final Logger LOG = LoggerFactory.getLogger(EventRecorder.class);
    private static final int MOST_TRIES = 12;
    private static final Duration RETRY = Duration.ofSeconds(10);
    private static final Duration LAST_CALL = Duration.ofSeconds(2);
    private static final int TOO_MANY_REQUESTS = 429;

    private final KubernetesClient client;
    private final Patches patches;
    private final Clock clock;
    private final EventCorrelator correlator = new EventCorrelator();
    private final BlockingQueue<Told> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
    private final AtomicBoolean dropping = new AtomicBoolean();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Duration retry;
    private final Thread thread = Thread.ofVirtual().name("events").unstarted(this::run);

    /// @param draft null for the end
    private record Told(@Nullable EventDraft draft, @Nullable String version, Instant at) {}

    /// Writes from now on.
    public EventRecorder(KubernetesClient client, Clock clock) {
        this(client, clock, RETRY);
    }

    EventRecorder(KubernetesClient client, Clock clock, Duration retry) {
        this.client = client;
        this.patches = new Patches(client);
        this.clock = clock;
        this.retry = retry;
        thread.start();
    }

    /// Events of one part of the process.
    ///
    /// @param component its name, as `kubectl describe` shows it
    /// @param host the host that it speaks for; empty for none
    public Events of(String component, String host) {
        return (object, type, reason, message, fieldPath) ->
                record(
                        new EventDraft(
                                component,
                                host,
                                EventDraft.Subject.of(object),
                                type,
                                reason,
                                fieldPath,
                                message),
                        object);
    }

    private void record(EventDraft draft, HasMetadata object) {
        var told = new Told(draft, object.getMetadata().getResourceVersion(), clock.instant());
        if (closing.getCount() == 0) {
            return;
        }
        if (!waiting.offer(told) && dropping.compareAndSet(false, true)) {
            LOG.warn(
                    "events are dropped: {} wait for the API server, the first one dropped is {} of"
                            + " {} {}/{}",
                    MOST_WAITING,
                    draft.reason(),
                    draft.subject().kind(),
                    draft.subject().namespace(),
                    draft.subject().name());
        }
    }

    /// Gives the events that wait two seconds to be written.
    @Override
    public void close() {
        closing.countDown();
        try {
            var end = new Told(null, null, clock.instant());
            if (waiting.offer(end, LAST_CALL.toMillis(), TimeUnit.MILLISECONDS)) {
                var unused = thread.join(LAST_CALL);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        thread.interrupt();
    }

    private void run() {
        try {
            for (var told = waiting.take(); told.draft() != null; told = waiting.take()) {
                if (waiting.isEmpty()) {
                    dropping.set(false);
                }
                write(told.draft(), told.version(), told.at());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write(EventDraft draft, @Nullable String version, Instant at)
            throws InterruptedException {
        switch (correlator.decide(draft, at)) {
            case EventWrite.Drop() ->
                    LOG.debug("{} of {}: too many events", draft.reason(), draft.subject().name());
            case EventWrite.Store store -> write(store, version);
        }
    }

    private void write(EventWrite.Store store, @Nullable String version)
            throws InterruptedException {
        for (var tries = 1; ; tries++) {
            try {
                store(store, version);
                return;
            } catch (KubernetesClientException e) {
                if (!mayPass(e)
                        || tries == MOST_TRIES
                        || closing.await(retry.toMillis(), TimeUnit.MILLISECONDS)) {
                    tell(store, e);
                    return;
                }
            } catch (RuntimeException e) {
                tell(store, e);
                return;
            }
        }
    }

    private static void tell(EventWrite.Store store, RuntimeException why) {
        var subject = store.draft().subject();
        LOG.info(
                "failed to write event {} of {} {}/{}: {}",
                store.draft().reason(),
                subject.kind(),
                subject.namespace(),
                subject.name(),
                why.getMessage());
    }

    /// Whether another try may succeed: the server was not reached, or could not answer.
    private static boolean mayPass(KubernetesClientException e) {
        return e.getCode() == 0
                || e.getCode() == TOO_MANY_REQUESTS
                || e.getCode() >= HttpURLConnection.HTTP_INTERNAL_ERROR;
    }

    private void store(EventWrite.Store store, @Nullable String version) {
        if (store.count() == 1 || !counted(store)) {
            // One that exists was written by a try whose answer was lost.
            var unused =
                    ApiCall.ignoring(
                            ApiCode.CONFLICT,
                            () -> client.resource(object(store, version)).create());
        }
    }

    /// Returns whether the object was there. Events expire after an hour.
    private boolean counted(EventWrite.Store store) {
        return ApiCall.ignoring(
                ApiCode.NOT_FOUND,
                () ->
                        patches.merge(
                                named(store).build(),
                                Map.of(
                                        "count",
                                        store.count(),
                                        "lastTimestamp",
                                        seconds(store.last()),
                                        "message",
                                        store.draft().message())));
    }

    private static EventBuilder named(EventWrite.Store store) {
        return new EventBuilder()
                .withNewMetadata()
                .withName(store.name())
                .withNamespace(store.draft().subject().eventNamespace())
                .endMetadata();
    }

    private static Event object(EventWrite.Store store, @Nullable String version) {
        var draft = store.draft();
        var subject = draft.subject();
        return named(store)
                .withInvolvedObject(
                        new ObjectReferenceBuilder()
                                .withApiVersion(subject.apiVersion())
                                .withKind(subject.kind())
                                .withNamespace(present(subject.namespace()))
                                .withName(subject.name())
                                .withUid(present(subject.uid()))
                                .withResourceVersion(version)
                                .withFieldPath(present(draft.fieldPath()))
                                .build())
                .withType(draft.type().text())
                .withReason(draft.reason())
                .withMessage(draft.message())
                .withCount(store.count())
                .withFirstTimestamp(seconds(store.first()))
                .withLastTimestamp(seconds(store.last()))
                .withNewSource()
                .withComponent(draft.component())
                .withHost(present(draft.host()))
                .endSource()
                .withReportingComponent(draft.component())
                .withReportingInstance(
                        Objects.requireNonNullElse(present(draft.host()), draft.component()))
                .build();
    }

    private static @Nullable String present(String text) {
        return text.isEmpty() ? null : text;
    }

    private static String seconds(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
