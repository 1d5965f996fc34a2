package dev.monopod.agent.pod.worker;

import dev.monopod.agent.kubelet.KubeletPods;
import dev.monopod.agent.pod.api.Disappearance;
import dev.monopod.agent.pod.api.KubernetesConfigSource;
import dev.monopod.agent.pod.api.KubernetesPodApi;
import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.api.PodNodes;
import dev.monopod.agent.pod.log.LogDelivery;
import dev.monopod.agent.pod.scope.PodSettings;
import dev.monopod.host.guest.GuestChannel;
import dev.monopod.host.image.ImageStore;
import dev.monopod.host.machine.Hypervisor;
import dev.monopod.host.network.HostNetwork;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.EventRecorder;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.client.Watches;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.names.Names;
import dev.monopod.model.time.Clocks;
import dev.monopod.model.time.SteadyClock;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/// The pods of this host: watches Machines and pods, begins a worker for each Machine as soon as it
/// appears, recovers what an earlier life left. Nothing is ever removed because a list was short: a
/// deletion counts only when the API server says so for that very object, and can be believed
/// ([Disappearance]).
public final class PodHost implements AutoCloseable {
    private static final Pace AUDIT =
            Pace.every(Duration.ofSeconds(30)).after(Duration.ofSeconds(30));

    /// Beside those that have a processor each: it works while one of them waits for a disk or a
    /// call.
    private static final int SPARE_STARTS = 1;

    private final KubernetesClient client;
    private final String hostName;
    private final GuestChannel.Transport transport = new GuestChannel.Transport();
    private final HostPods pods;
    private final Watched<Machine> machines;
    private final Watched<Pod> clusterPods;
    private final Watched<Service> clusterServices;
    private final WorkerServices services;
    private final Disappearance disappearance;
    private final RecoveredMachines recovered = new RecoveredMachines();
    private final Vanished vanished;
    private final Adoption adoption;
    private final Loops loops;
    private final Loop audit;

    private volatile boolean closed;

    /// Begins when the watch of Machines does.
    private Optional<Loop> missing = Optional.empty();

    /// The machinery that pods run on.
    ///
    /// @param delivery of what pods write
    public record Machinery(
            Hypervisor hypervisor, HostNetwork network, ImageStore images, LogDelivery delivery) {
        /// No log is sent.
        public Machinery(Hypervisor hypervisor, HostNetwork network, ImageStore images) {
            this(hypervisor, network, images, LogDelivery.NONE);
        }
    }

    /// @param brisk gives up a call within seconds
    /// @param watches of this process; closed after this
    public record Api(
            KubernetesClient usual,
            KubernetesClient brisk,
            EventRecorder events,
            Watches watches) {}

    public PodHost(
            Api api,
            String hostName,
            Machinery machinery,
            PodNodes nodes,
            PodSettings settings,
            Loops loops) {
        this.client = api.usual();
        this.hostName = hostName;
        var events = api.events().of("fargate-agent", hostName);
        this.pods = new HostPods(machinery.network());
        this.machines = api.watches().of(Machine.class);
        this.clusterPods = api.watches().of(Pod.class);
        this.clusterServices = api.watches().of(Service.class);
        this.disappearance =
                new Disappearance(
                        api.brisk(), hostName, settings.dataDirectory(), SteadyClock.ofProcess());
        this.services =
                new WorkerServices(
                        new WorkerServices.Cluster(
                                new KubernetesPodApi(
                                        client, hostName, events, disappearance, clusterPods),
                                new KubernetesConfigSource(client, clusterServices),
                                nodes),
                        machinery,
                        transport,
                        new Semaphore(
                                Runtime.getRuntime().availableProcessors() + SPARE_STARTS, true),
                        settings,
                        new WorkerServices.Running(Clocks.ofProcess(), loops));
        this.vanished = new Vanished(services, pods, recovered, disappearance);
        this.adoption = new Adoption(services, pods, recovered);
        this.loops = loops;
        var brisk = new KubernetesPodApi(api.brisk(), hostName, events, disappearance, clusterPods);
        this.audit = loops.lasting("pod-audit", AUDIT, signs -> audit(pods, brisk, signs));
    }

    /// For the kubelet API.
    public KubeletPods pods() {
        return pods;
    }

    /// Image disks that the pods here have, or will be given. For any thread.
    public Set<Path> imageDisks() {
        Set<Path> disks = new HashSet<>();
        for (var worker : pods.workers()) {
            disks.addAll(worker.imageDisks());
        }
        return disks;
    }

    /// Where the Nodes of the pods here are now. For any thread.
    public List<KubeletPods.Place> places() {
        return pods.places();
    }

    /// Is run whenever [#places] may have changed, by any thread; must not block.
    public void whenMoved(Runnable listener) {
        pods.whenMoved(listener);
    }

    /// Recovers, then watches. Returns once every Machine has its worker.
    ///
    /// @throws RuntimeException when the API server does not give a complete list of Machines
    public void start() {
        clusterServices.start().join();
        clusterPods.start().join();
        var mine =
                client.resources(Machine.class)
                        .withLabel(Names.HOST_LABEL, hostName)
                        .list()
                        .getItems();
        Set<String> known = new HashSet<>();
        mine.forEach(machine -> known.add(machine.getMetadata().getName()));
        vanished.begin(known);
        keepNodes(mine);
        machines.onChange(new MachineHandler());
        clusterPods.onChange(new PodHandler());
        machines.start().join();
        audit.start();
        var look =
                loops.ofPod(
                        "missing machines",
                        hostName,
                        AUDIT,
                        () ->
                                vanished.look(
                                        machine -> machines.find(machine).isPresent(), adoption));
        look.start();
        missing = Optional.of(look);
    }

    /// Before anything else: this agent may have been away for nearly as long as a Lease lasts, and
    /// it takes seconds until all guests have been reached.
    private void keepNodes(List<Machine> mine) {
        var running = recovered.ids();
        mine.stream()
                .filter(machine -> running.contains(machine.getMetadata().getName()))
                .forEach(services.nodes()::keep);
    }

    /// Asks for each pod, in case a watch has not told of it. One that cannot be asked for hinders
    /// no other.
    ///
    /// @throws RuntimeException when one or more could not be asked for
    static void audit(HostPods pods, PodApi api, Loop.Signs signs) {
        Optional<Failed> failed = Optional.empty();
        for (var worker : pods.workers()) {
            signs.works();
            try {
                look(pods, worker, api);
            } catch (RuntimeException | LinkageError | StackOverflowError e) {
                failed = Optional.of(new Failed(worker, e));
                if (e instanceof KubernetesClientException silence && ApiCode.missing(silence)) {
                    // It is not there for the others either.
                    break;
                }
            }
        }
        failed.ifPresent(Failed::tell);
    }

    /// @param worker whose pod could not be asked for
    private record Failed(PodWorker worker, Throwable why) {
        void tell() {
            throw new IllegalStateException(
                    "failed to ask for pod %s: %s".formatted(worker.view().plan().display(), why),
                    why);
        }
    }

    private static void look(HostPods pods, PodWorker worker, PodApi api) {
        if (worker.gone()) {
            pods.remove(worker);
        } else {
            worker.look(api);
        }
    }

    /// The watches go on when this is closed.
    private final class MachineHandler implements ResourceEventHandler<Machine> {
        @Override
        public void onAdd(Machine machine) {
            if (isMine(machine)) {
                adoption.adopt(machine);
            }
        }

        @Override
        public void onUpdate(Machine before, Machine after) {
            if (isMine(after)) {
                adoption.changed(after);
            }
        }

        @Override
        public void onDelete(Machine machine, boolean finalStateUnknown) {
            // A list without it is no proof: an API server that lost its objects has a short one.
            if (!finalStateUnknown && isMine(machine)) {
                disappearance.deleted(machine.getMetadata().getName());
                adoption.deleted(machine);
            }
        }
    }

    private boolean isMine(Machine machine) {
        var labels = machine.getMetadata().getLabels();
        return !closed && labels != null && hostName.equals(labels.get(Names.HOST_LABEL));
    }

    private final class PodHandler implements ResourceEventHandler<Pod> {
        @Override
        public void onAdd(Pod pod) {
            worker(pod, worker -> worker.seen(pod));
        }

        @Override
        public void onUpdate(Pod before, Pod after) {
            worker(after, worker -> worker.seen(after));
        }

        @Override
        public void onDelete(Pod pod, boolean finalStateUnknown) {
            worker(pod, PodWorker::lookSoon);
        }

        private void worker(Pod pod, Consumer<PodWorker> action) {
            if (!closed) {
                pods.byMachine(Names.machine(pod.getMetadata().getUid())).ifPresent(action);
            }
        }
    }

    /// Begins no worker any more, and tells none of changes; machines run on.
    @Override
    public void close() {
        closed = true;
        audit.close();
        missing.ifPresent(Loop::close);
        transport.close();
    }
}
