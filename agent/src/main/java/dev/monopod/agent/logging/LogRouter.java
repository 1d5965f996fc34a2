package dev.monopod.agent.logging;

import dev.monopod.agent.pod.log.LogDelivery;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.host.file.PrivateFiles;
import dev.monopod.host.json.OwnJson;
import dev.monopod.kube.client.Events;
import dev.monopod.logging.config.LoggingConfiguration;
import dev.monopod.logging.config.LoggingConfiguration.Judgement;
import dev.monopod.logging.plan.LoggingPlan;
import dev.monopod.model.loop.Loops;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Sends the logs of this host's pods, each pod and output by a loop of its own. What a pod left is
/// sent after it is gone, for an hour at most. Without a pod whose log is sent there is no thread
/// and no connection. Thread-safe.
public final class LogRouter implements LogDelivery, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LogRouter.class);
    private static final String POD = "pod.json";

    /// Of the files of all pods that are gone.
    private static final long LEFT_BYTES = 2L << 30;

    private final Path directory;
    private final Path pods;
    private final Sinks sinks;
    private final Events events;
    private final Surroundings surroundings;
    private final Map<String, Followed> followed = new HashMap<>();

    /// What goes on in this process, by which clock, and how many bytes pods that are gone may
    /// leave.
    record Surroundings(Loops loops, InstantSource clock, long leftBytes) {}

    private record Followed(PodLogs logs, PodDelivery delivery) {}

    LogRouter(Path data, Sinks sinks, Events events, Surroundings surroundings) {
        this.directory = data.resolve("log-delivery");
        this.pods = data.resolve("pods");
        this.sinks = sinks;
        this.events = events;
        this.surroundings = surroundings;
    }

    /// @param data the data folder of this host
    public static LogRouter of(Path data, Events events, Loops loops, InstantSource clock) {
        return new LogRouter(
                data, Sinks.real(), events, new Surroundings(loops, clock, LEFT_BYTES));
    }

    /// Takes up what pods that are gone have left. Call before pods begin. What can't be read of
    /// one hinders no other.
    public void start() throws IOException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (var homes = Files.list(directory)) {
            for (var home : homes.toList()) {
                var uid = home.getFileName().toString();
                if (Files.exists(home.resolve("logs"))) {
                    takeUp(uid, home);
                } else if (!Files.isDirectory(pods.resolve(uid))) {
                    remove(home);
                }
            }
        }
        keepWithinBound();
    }

    /// Gives up what is left of the pods that have been gone for longest, until the rest is within
    /// the bound.
    private void keepWithinBound() {
        List<Followed> gone;
        synchronized (this) {
            gone =
                    followed.values().stream()
                            .filter(one -> one.logs().over())
                            .sorted(
                                    Comparator.comparingLong((Followed one) ->
                                                    one.logs().pod().endedMillis())
                                            .reversed())
                            .toList();
        }
        var bytes = 0L;
        for (var one : gone) {
            var its = one.logs().bytes();
            bytes += its;
            if (bytes > surroundings.leftBytes()) {
                one.delivery().giveUp(its, surroundings.leftBytes());
            }
        }
    }

    private void takeUp(String uid, Path home) {
        try {
            var pod = LoggedPod.read(home.resolve(POD));
            follow(pod, () -> pod, home);
        } catch (OwnJson.TooNew e) {
            LOG.warn("pod {}: its log waits: {}: {}", uid, home.resolve(POD), e.getMessage());
        } catch (IOException | RuntimeException e) {
            // A crash may leave anything in its file.
            LOG.warn("pod {}: what is left of its log cannot be sent, so it is removed", uid, e);
            remove(home);
        }
    }

    private static void remove(Path home) {
        try {
            PodDelivery.delete(home);
        } catch (IOException e) {
            LOG.warn("failed to remove {}: {}", home, e.toString());
        }
    }

    @Override
    public void begin(PodView view) {
        var configuration = view.machine().getSpec().logging();
        if (configuration == null || configuration.isEmpty()) {
            return;
        }
        try {
            var home = directory.resolve(view.plan().uid());
            PrivateFiles.ensureFolder(directory);
            PrivateFiles.ensureFolder(home);
            if (of(view.plan().uid()).isEmpty()) {
                LoggedPod.of(view).write(home.resolve(POD));
            }
            follow(LoggedPod.of(view), () -> LoggedPod.of(view), home);
        } catch (IOException | RuntimeException e) {
            LOG.error("{}: its log can't be sent", view.plan().display(), e);
        }
    }

    /// @throws IllegalArgumentException for a configuration that this version does not serve
    private synchronized void follow(LoggedPod pod, Supplier<LoggedPod> now, Path home)
            throws IOException {
        if (followed.containsKey(pod.uid())) {
            // Its worker stumbled, and another has the pod: both see the same files.
            return;
        }
        if (!(LoggingConfiguration.judge(pod.configuration()) instanceof Judgement.Valid valid)) {
            throw new IllegalArgumentException("its logging configuration is not valid");
        }
        var logs = new PodLogs(now, home, pods.resolve(pod.uid()));
        var ways = new ArrayList<Delivery.Way>();
        // Each route has a plan of its own, since it is asked about containers on its own thread.
        var count = LoggingPlan.of(valid.configuration(), _ -> Optional.empty());
        for (var i = 0; i < count.routes().size(); i++) {
            var current = new Delivery.Current();
            var route = LoggingPlan.of(valid.configuration(), current::of).routes().get(i);
            ways.add(
                    new Delivery.Way(
                            route.output(), route.pipeline(), sinks.take(route.output()), current));
        }
        var reference = reference(pod);
        var delivery =
                new PodDelivery(
                        logs,
                        (reason, message) -> events.warning(reference, reason, message),
                        sinks,
                        surroundings,
                        () -> forget(pod.uid()));
        followed.put(pod.uid(), new Followed(logs, delivery));
        delivery.start(ways);
    }

    private static Pod reference(LoggedPod pod) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace(pod.namespace())
                .withName(pod.name())
                .withUid(pod.uid())
                .endMetadata()
                .build();
    }

    private synchronized void forget(String uid) {
        followed.remove(uid);
    }

    private synchronized Optional<Followed> of(String uid) {
        return Optional.ofNullable(followed.get(uid));
    }

    @Override
    public void end(String uid, Path podDirectory) throws IOException {
        var home = directory.resolve(uid);
        if (of(uid).isEmpty() && Files.exists(home.resolve(POD))) {
            // It went while no agent was here: no worker has begun it.
            takeUp(uid, home);
        }
        var known = of(uid);
        if (known.isPresent()) {
            known.get().logs().move(podDirectory, surroundings.clock().instant().toEpochMilli());
            known.get().delivery().nudge();
            keepWithinBound();
        }
    }

    /// Nothing is sent any more; what is left is sent by the next one.
    @Override
    public void close() {
        Map<String, Followed> all;
        synchronized (this) {
            all = Map.copyOf(followed);
            followed.clear();
        }
        all.values().forEach(one -> one.delivery().close());
    }
}
