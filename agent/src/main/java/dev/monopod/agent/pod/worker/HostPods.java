package dev.monopod.agent.pod.worker;

import dev.monopod.agent.kubelet.KubeletPods;
import dev.monopod.agent.pod.container.Streams;
import dev.monopod.agent.pod.life.ContainerPhase;
import dev.monopod.agent.pod.life.ContainerRecord;
import dev.monopod.agent.pod.life.PodState;
import dev.monopod.agent.pod.log.LogFile;
import dev.monopod.agent.pod.log.LogReader;
import dev.monopod.agent.pod.spec.ContainerIds;
import dev.monopod.host.guest.GuestChannel;
import dev.monopod.host.network.HostNetwork;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;

/// The pod workers of this host, and what the kubelet API reads of them. Thread-safe.
final class HostPods implements KubeletPods {
    /// An agent that has just begun knows what runs before it has reached the guest: a user had
    /// rather wait than be told so.
    private static final Duration GUEST_PATIENCE = Duration.ofSeconds(20);

    private final Map<String, PodWorker> workers = new ConcurrentHashMap<>();
    private final HostNetwork network;
    private volatile Runnable moved = () -> {};

    private final InstantSource clock = InstantSource.system();

    HostPods(HostNetwork network) {
        this.network = network;
    }

    /// Returns false when the machine has a worker already.
    boolean add(PodWorker worker) {
        var added = workers.putIfAbsent(worker.view().machineName(), worker) == null;
        if (added) {
            moved.run();
        }
        return added;
    }

    void remove(PodWorker worker) {
        if (workers.remove(worker.view().machineName(), worker)) {
            moved.run();
        }
    }

    /// Is run whenever [#places] may have changed, by any thread; must not block.
    void whenMoved(Runnable listener) {
        moved = listener;
    }

    /// Where the pods' Nodes are now.
    List<Place> places() {
        return workers.values().stream()
                .map(worker -> {
                    var network = worker.machine().getSpec().network();
                    return new Place(worker.view().machineName(), network.vpc(), network.address());
                })
                .sorted(Comparator.comparing(Place::address))
                .toList();
    }

    Optional<PodWorker> byMachine(String machine) {
        return Optional.ofNullable(workers.get(machine));
    }

    Collection<PodWorker> workers() {
        return List.copyOf(workers.values());
    }

    @Override
    public Optional<Pod> pod(String machine) {
        return find(machine).map(PodWorker::pod);
    }

    private Optional<PodWorker> find(String machine) {
        return byMachine(machine).filter(worker -> !worker.gone());
    }

    private PodWorker worker(String machine) throws RefusedException {
        return find(machine)
                .orElseThrow(() ->
                        new RefusedException(
                                new Refusal.NotFound(
                                        "the pod of machine %s is gone".formatted(machine))));
    }

    private static ContainerRecord container(PodWorker worker, String container)
            throws RefusedException {
        var found = worker.state().containers().get(container);
        if (found == null) {
            throw new RefusedException(
                    new Refusal.Invalid(
                            "container %s is not valid for pod %s"
                                    .formatted(container, worker.view().plan().name())));
        }
        return found;
    }

    @Override
    public void logs(String machine, String container, LogOptions options, OutputStream sink)
            throws IOException {
        var worker = worker(machine);
        var record = container(worker, container);
        var directory = LogFile.directory(worker.view().directory(), container);
        var attempt = attempt(worker, record, options, directory);
        BooleanSupplier ended =
                () -> {
                    var now = worker.state().container(container);
                    var alive = now.attempt() == attempt && now.alive();
                    return !alive && worker.logs().complete(container, attempt) || worker.gone();
                };
        try {
            new LogReader(directory, attempt, options, sink).run(ended);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    private static int attempt(
            PodWorker worker, ContainerRecord record, LogOptions options, Path directory)
            throws RefusedException {
        var begun =
                !(record.phase() instanceof ContainerPhase.Waiting)
                        || Files.exists(LogFile.current(directory, record.attempt()));
        var current = begun ? record.attempt() : record.attempt() - 1;
        if (options.previous()) {
            var previous = record.attempt() - 1;
            if (previous < 0) {
                throw new RefusedException(
                        new Refusal.Invalid(
                                "previous terminated container \"%s\" in pod \"%s\" not found"
                                        .formatted(record.name(), worker.view().plan().name())));
            }
            return previous;
        }
        if (current < 0) {
            var reason =
                    record.trouble()
                            .map(ContainerPhase.Waiting::reason)
                            .orElse(
                                    record.phase() instanceof ContainerPhase.Waiting waiting
                                            ? waiting.reason()
                                            : "ContainerCreating");
            throw new RefusedException(
                    new Refusal.Invalid(
                            "container \"%s\" in pod \"%s\" is waiting to start: %s"
                                    .formatted(
                                            record.name(), worker.view().plan().name(), reason)));
        }
        return current;
    }

    private static String running(PodWorker worker, String container) throws RefusedException {
        var record = container(worker, container);
        if (!(record.phase() instanceof ContainerPhase.Running)) {
            throw new RefusedException(
                    new Refusal.NotFound("container not found (\"%s\")".formatted(container)));
        }
        return ContainerIds.of(worker.view().plan().uid(), container, record.attempt());
    }

    @Override
    public int exec(String machine, String container, List<String> command, StreamSession session)
            throws IOException {
        var worker = worker(machine);
        var id = running(worker, container);
        return Streams.exec(guest(worker), id, command, session);
    }

    @Override
    public int attach(String machine, String container, StreamSession session) throws IOException {
        var worker = worker(machine);
        var id = running(worker, container);
        return Streams.attach(guest(worker), id, session);
    }

    private static GuestChannel guest(PodWorker worker) throws IOException {
        try {
            return worker.awaitGuest(GUEST_PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    @Override
    public void portForward(String machine, int port, InputStream input, OutputStream output)
            throws IOException {
        var worker = worker(machine);
        if (!runs(worker.state())) {
            throw new RefusedException(new Refusal.NotFound("pod is not running"));
        }
        Streams.portForward(guest(worker), port, input, output);
    }

    /// Whether its machine is up, or was when this agent began.
    private static boolean runs(PodState state) {
        return state.stage() == PodState.Stage.READY
                || state.stage() == PodState.Stage.STARTING
                        && state.all().stream()
                                .anyMatch(c -> c.phase() instanceof ContainerPhase.Running);
    }

    @Override
    public List<PodStatistics> statistics(List<Pod> pods, Detail detail) {
        List<PodStatistics> all = new ArrayList<>();
        var traffic = network.traffic(workers.keySet());
        try (var readers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<PodStatistics>> asked = new ArrayList<>();
            for (var worker : of(pods)) {
                if (worker.state().stage() == PodState.Stage.READY) {
                    var ofMachine = Optional.ofNullable(traffic.get(worker.view().machineName()));
                    asked.add(
                            readers.submit(() ->
                                    GuestStatistics.read(
                                            worker, detail, ofMachine, clock.instant())));
                }
            }
            for (var one : asked) {
                try {
                    all.add(one.get());
                } catch (ExecutionException e) {
                    // It did not answer in time; it is left out, as the interface says.
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return all;
    }

    @Override
    public List<ProbeCount> probes(List<Pod> pods) {
        return of(pods).stream().flatMap(worker -> worker.probeCounts().stream()).toList();
    }

    private List<PodWorker> of(List<Pod> pods) {
        var uids = pods.stream().map(pod -> pod.getMetadata().getUid()).toList();
        return workers.values().stream()
                .filter(worker -> uids.contains(worker.view().plan().uid()))
                .toList();
    }
}
