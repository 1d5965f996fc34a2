package dev.monopod.agent.logging;

import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Pace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All deliveries of one pod, each on a loop of its own. When the pod is gone and each has sent
/// all, or an hour has passed, what was kept for it is removed. Thread-safe.
final class PodDelivery implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PodDelivery.class);
    private static final Pace PACE =
            Pace.every(Duration.ofSeconds(1))
                    .withRetries(Duration.ofSeconds(1), Duration.ofSeconds(30))
                    .withLimit(Duration.ofMinutes(2));
    private static final Duration AFTER_THE_POD = Duration.ofHours(1);

    private final PodLogs logs;
    private final BiConsumer<String, String> warning;
    private final Sinks sinks;
    private final LogRouter.Surroundings surroundings;
    private final Runnable whenDone;
    private final List<Loop> loops = new ArrayList<>();
    private final List<Delivery.Way> ways = new ArrayList<>();
    private final AtomicInteger left = new AtomicInteger();
    private volatile boolean givenUp;

    /// @param warning tells users of the pod: a reason, and a message
    PodDelivery(
            PodLogs logs,
            BiConsumer<String, String> warning,
            Sinks sinks,
            LogRouter.Surroundings surroundings,
            Runnable whenDone) {
        this.logs = logs;
        this.warning = warning;
        this.sinks = sinks;
        this.surroundings = surroundings;
        this.whenDone = whenDone;
    }

    /// Call once.
    void start(List<Delivery.Way> toAll) throws IOException {
        ways.addAll(toAll);
        left.set(toAll.size());
        for (var i = 0; i < toAll.size(); i++) {
            var losses = new Losses(logs.pod().display(), warning);
            var delivery =
                    new Delivery(
                            logs,
                            toAll.get(i),
                            Checkpoints.open(logs.home().resolve("output-%d".formatted(i))),
                            losses,
                            surroundings.clock());
            var itself = new Loop[1];
            itself[0] =
                    surroundings
                            .loops()
                            .lastingOfPod(
                                    "log-delivery",
                                    "log of %s to %s"
                                            .formatted(logs.pod().display(), delivery.sinkName()),
                                    PACE,
                                    signs -> pass(delivery, losses, signs, itself));
            loops.add(itself[0]);
        }
        loops.forEach(Loop::start);
    }

    private void pass(Delivery delivery, Losses losses, Loop.Signs signs, Loop[] itself)
            throws IOException, InterruptedException {
        boolean done;
        try {
            done = givenUp || delivery.pass(signs);
        } catch (IOException e) {
            losses.failed(delivery.sinkName());
            if (!givenUp && !tooLate()) {
                throw e;
            }
            if (!givenUp) {
                LOG.warn(
                        "{}: what is left of its log is not sent to {}, which was away for an hour after the pod was gone: {}",
                        logs.pod().display(),
                        delivery.sinkName(),
                        e.getMessage());
            }
            done = true;
        }
        if (done) {
            if (left.decrementAndGet() == 0) {
                whenDone.run();
                delete(logs.home());
                ways.forEach(way -> sinks.giveBack(way.output()));
            }
            itself[0].close();
        }
    }

    private boolean tooLate() {
        var ended = logs.over() ? logs.pod().endedMillis() : 0;
        return ended > 0
                && surroundings.clock().instant().toEpochMilli() - ended > AFTER_THE_POD.toMillis();
    }

    /// Sends no more than what is on its way, and removes what the pod has left. Once: tells it.
    ///
    /// @param bytes of its files
    /// @param bound of what all pods leave, in bytes
    void giveUp(long bytes, long bound) {
        if (givenUp) {
            return;
        }
        givenUp = true;
        LOG.warn(
                "{}: the {} bytes that it left of its log are removed before all were sent: pods that are gone have left more than {} bytes on this host",
                logs.pod().display(),
                bytes,
                bound);
        warning.accept(
                "LogLost",
                "What the pod left of its log was removed before all of it could be sent: the output was away too long, and pods that are gone have left more than the %d bytes that a host keeps for it"
                        .formatted(bound));
        nudge();
    }

    void nudge() {
        loops.forEach(Loop::nudge);
    }

    /// Ends what runs; the next start goes on from the checkpoints.
    @Override
    public void close() {
        loops.forEach(Loop::close);
        if (left.get() > 0) {
            ways.forEach(way -> sinks.giveBack(way.output()));
        }
    }

    static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
