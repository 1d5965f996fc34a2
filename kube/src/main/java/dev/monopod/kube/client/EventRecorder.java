package dev.monopod.kube.client;

import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes a process' events, equal and similar ones as few objects ([EventCorrelator]). Who records
/// one never waits: a queue of 1000 takes it, one loop writes, and what finds the queue full is
/// dropped, with one line in the log. Needs the verbs `create` and `patch` on events, and no `get`.
/// An API server that cannot be reached is asked again after five to ten seconds, twelve times for
/// one event; whatever else hinders one event hinders no other. Whoever makes the recorder closes
/// it, before its client.
public final class EventRecorder implements AutoCloseable {
    static final int MOST_WAITING = 1000;

    private static final Logger LOG = LoggerFactory.getLogger(EventRecorder.class);
    private static final int MOST_TRIES = 12;
    private static final int MOST_WRONG = 100;
    private static final Duration RETRY = Duration.ofSeconds(10);
    private static final Duration LAST_CALL = Duration.ofSeconds(2);
    private static final int TOO_MANY_REQUESTS = 429;

    private final KubernetesClient client;
    private final Patches patches;
    private final Clock clock;
    private final EventCorrelator correlator = new EventCorrelator();
    private final BlockingQueue<Told> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
    private final AtomicBoolean dropping = new AtomicBoolean();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition written = lock.newCondition();
    private final Loop loop;
    private volatile boolean closing;
    private volatile boolean writing;

    // Of the loop's thread.
    private Optional<Pending> pending = Optional.empty();
    private final List<Pending> wrong = new ArrayList<>();

    private record Told(EventDraft draft, @Nullable String version, Instant at) {}

    /// @param tries that failed
    private record Pending(EventWrite.Store store, @Nullable String version, int tries) {
        Pending failed() {
            return new Pending(store, version, tries + 1);
        }
    }

    /// Writes from now on.
    ///
    /// @param client that gives up a call within seconds
    public EventRecorder(KubernetesClient client, Clock clock, Loops loops) {
        this(client, clock, loops, RETRY);
    }

    EventRecorder(KubernetesClient client, Clock clock, Loops loops, Duration retry) {
        this.client = client;
        this.patches = new Patches(client);
        this.clock = clock;
        this.loop =
                loops.lasting(
                        "events", Pace.whenNudged().withRetries(retry, retry), this::writeAll);
        loop.start();
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
        if (closing) {
            return;
        }
        if (waiting.offer(told)) {
            loop.nudge();
        } else if (dropping.compareAndSet(false, true)) {
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
        closing = true;
        loop.nudge();
        lock.lock();
        try {
            var left = LAST_CALL.toNanos();
            while (busy() && left > 0) {
                left = written.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
        loop.close();
    }

    private boolean busy() {
        return writing || !waiting.isEmpty();
    }

    /// What is wrong with one event hinders no other, and is thrown in the end: that one is tried
    /// again in the next pass, after those that came meanwhile.
    private void writeAll(Loop.Signs signs) {
        var again = List.copyOf(wrong);
        wrong.clear();
        Optional<Throwable> why = Optional.empty();
        while (next()) {
            why = write(signs).or(fallback(why));
        }
        for (var one : again) {
            pending = Optional.of(one);
            why = write(signs).or(fallback(why));
        }
        tellWritten();
        if (why.isPresent()) {
            throw new IllegalStateException("failed to write an event: " + why.get(), why.get());
        }
    }

    private static Supplier<Optional<Throwable>> fallback(Optional<Throwable> before) {
        return () -> before;
    }

    /// Returns what is wrong with it.
    ///
    /// @throws KubernetesClientException if all have to wait
    private Optional<Throwable> write(Loop.Signs signs) {
        signs.works();
        var one = pending.orElseThrow();
        try {
            write();
        } catch (KubernetesClientException e) {
            throw e;
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            if (one.tries() + 1 == MOST_TRIES || wrong.size() == MOST_WRONG) {
                tell(one.store(), e);
            } else {
                wrong.add(one.failed());
            }
            return Optional.of(e);
        }
        return Optional.empty();
    }

    private void tellWritten() {
        lock.lock();
        try {
            written.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Returns whether there is one to write. What fails is that one until it is written, or given
    /// up.
    private boolean next() {
        while (pending.isEmpty()) {
            writing = true;
            var told = waiting.poll();
            if (told == null) {
                writing = false;
                return false;
            }
            if (waiting.isEmpty()) {
                dropping.set(false);
            }
            switch (correlator.decide(told.draft(), told.at())) {
                case EventWrite.Drop() ->
                        LOG.debug(
                                "{} of {}: too many events",
                                told.draft().reason(),
                                told.draft().subject().name());
                case EventWrite.Store store ->
                        pending = Optional.of(new Pending(store, told.version(), 0));
            }
        }
        return true;
    }

    private void write() {
        var one = pending.orElseThrow();
        // Not again, unless another try may succeed.
        pending = Optional.empty();
        try {
            store(one.store(), one.version());
        } catch (KubernetesClientException e) {
            if (!mayPass(e)) {
                tell(one.store(), e);
                return;
            }
            if (one.tries() + 1 == MOST_TRIES || closing) {
                tell(one.store(), e);
            } else {
                pending = Optional.of(one.failed());
            }
            throw e;
        }
    }

    private static void tell(EventWrite.Store store, Throwable why) {
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
