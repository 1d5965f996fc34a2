package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.api.ConfigSource;
import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.api.PodNodes;
import dev.monopod.agent.pod.log.LogDelivery;
import dev.monopod.agent.pod.scope.PodSettings;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.host.guest.GuestChannel;
import dev.monopod.host.image.ImageStore;
import dev.monopod.host.machine.Hypervisor;
import dev.monopod.host.network.HostNetwork;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.kube.api.MachineStatus;
import dev.monopod.kube.client.EventType;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.time.Clocks;
import dev.monopod.protocol.guest.ConfigureResponse;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/// A host, an API server, a registry and a network that do as tests say.
public final class FakeHost
        implements PodApi,
                ConfigSource,
                PodNodes,
                Hypervisor,
                HostNetwork,
                ImageStore,
                AutoCloseable {
    /// That of the machine.
    public static final String NODE = "fargate-ip-192-168-96-10.us-west-2.compute.internal";

    final GuestChannel.Transport transport = new GuestChannel.Transport();
    public final FakeGuest guest;
    final Map<String, ConfigMap> configMaps = new ConcurrentHashMap<>();
    final List<String> events = new CopyOnWriteArrayList<>();
    final List<String> calls = new CopyOnWriteArrayList<>();

    /// Machines whose Nodes were kept.
    final Set<String> kept = ConcurrentHashMap.newKeySet();

    volatile Optional<Pod> pod = Optional.empty();

    /// How often a pod was asked for.
    final AtomicInteger reads = new AtomicInteger();

    volatile boolean believable = true;

    /// Whether the watch shows the pod.
    volatile boolean watched = true;

    /// Machines that an earlier life left.
    final List<String> left = new CopyOnWriteArrayList<>();

    public volatile PodStatus status = new PodStatus();

    /// How often the status was written.
    public final AtomicInteger patches = new AtomicInteger();

    volatile CountDownLatch died = new CountDownLatch(1);
    final HostPods pods = new HostPods(this);

    /// What time it is for the health of loops.
    final AtomicReference<Instant> now = new AtomicReference<>(Instant.now());

    final Loops loops = new Loops(now::get, new Random(1));

    /// What fails for as long as it is here, by the name of the call.
    final Map<String, Throwable> troubles = new ConcurrentHashMap<>();

    private final Path directory;

    public FakeHost(Path directory) {
        this.directory = directory;
        this.guest = new FakeGuest(directory.resolve("g.sock"));
    }

    private final class NotedDelivery implements LogDelivery {
        @Override
        public void begin(PodView view) {}

        @Override
        public void end(String uid, Path podDirectory) {
            calls.add(Files.isDirectory(podDirectory.resolve("logs")) ? "logs taken" : "logs gone");
        }
    }

    WorkerServices services() {
        return new WorkerServices(
                new WorkerServices.Cluster(this, this, this),
                new PodHost.Machinery(this, this, this, new NotedDelivery()),
                transport,
                new Semaphore(4),
                new PodSettings(
                        directory,
                        "192.168.0.4",
                        new PodSettings.DnsSettings(
                                "10.100.0.10", "cluster.local", Path.of("/dev/null")),
                        new PodSettings.VolumeSettings(
                                directory.resolve("nfs.squashfs"), "us-west-2"),
                        Duration.ofSeconds(10)),
                new WorkerServices.Running(Clocks.ofProcess(), loops));
    }

    public static Machine machine() {
        Machine machine = new Machine();
        machine.setMetadata(new ObjectMetaBuilder().withName("m-uid").build());
        machine.setSpec(
                new MachineSpec(
                        "host",
                        new MachineSpec.PodReference("default", "web", "uid"),
                        NODE,
                        "fp",
                        new MachineSpec.Size(250, 512, 20 << 10),
                        new MachineSpec.Interface(
                                "default",
                                "private-a",
                                "us-west-2a",
                                "192.168.96.10",
                                "192.168.96.1",
                                "02:00:00:00:00:01")));
        return machine;
    }

    public PodWorker begin(Pod wanted) {
        pod = Optional.of(wanted);
        new Adoption(services(), pods, new RecoveredMachines()).adopt(machine());
        org.awaitility.Awaitility.await().until(() -> !pods.workers().isEmpty());
        return pods.workers().iterator().next();
    }

    public static PodBuilder podNamed() {
        return new PodBuilder()
                .withNewMetadata()
                .withName("web")
                .withNamespace("default")
                .withUid("uid")
                .endMetadata()
                .withNewStatus()
                .endStatus();
    }

    private void stumble(String call) {
        Optional.ofNullable(troubles.get(call))
                .ifPresent(trouble -> {
                    calls.add("refused " + call);
                    sneak(trouble);
                });
    }

    @SuppressWarnings("unchecked")
    static <E extends Throwable> void sneak(Throwable what) throws E {
        throw (E) what;
    }

    @Override
    public Optional<Pod> pod(String namespace, String name, String uid) {
        stumble("pod");
        reads.incrementAndGet();
        return pod;
    }

    @Override
    public Optional<Pod> shown(String namespace, String name, String uid) {
        return watched ? pod : Optional.empty();
    }

    @Override
    public boolean believable(String machine) {
        return believable;
    }

    @Override
    public Optional<Pod> patchStatus(Pod patched, PodStatus written) {
        stumble("patchStatus");
        status = written;
        return Optional.of(
                new PodBuilder(patched)
                        .editMetadata()
                        .withResourceVersion(Integer.toString(1000 + patches.incrementAndGet()))
                        .endMetadata()
                        .withStatus(written)
                        .build());
    }

    @Override
    public void claimPod(Pod claimed, String machine) {}

    @Override
    public void deletePod(Pod deleted) {
        stumble("deletePod");
        calls.add("deletePod");
        pod = Optional.empty();
    }

    @Override
    public void evictPod(Pod evicted) {
        stumble("evictPod");
        calls.add("evictPod");
    }

    @Override
    public void claimMachine(Machine machine) {
        stumble("claimMachine");
        calls.add("claimMachine");
    }

    @Override
    public void machineStatus(String machine, MachineStatus told) {
        stumble("machineStatus");
        calls.add("machine " + told.phase());
    }

    @Override
    public void removeMachine(String machine) {
        calls.add("removeMachine");
    }

    @Override
    public void event(Pod about, EventType type, String reason, String message, String fieldPath) {
        events.add(reason + " " + message);
    }

    @Override
    public Optional<ConfigMap> configMap(String namespace, String name) {
        return Optional.ofNullable(configMaps.get(name));
    }

    @Override
    public Optional<Secret> secret(String namespace, String name) {
        stumble("secret");
        return Optional.empty();
    }

    @Override
    public Optional<PersistentVolumeClaim> claim(String namespace, String name) {
        return Optional.empty();
    }

    @Override
    public Optional<PersistentVolume> persistentVolume(String name) {
        return Optional.empty();
    }

    @Override
    public ConfigSource recent() {
        return this;
    }

    @Override
    public List<Service> services(String namespace) {
        return List.of();
    }

    @Override
    public String executionRole(String profile) {
        return "";
    }

    @Override
    public Token token(Pod owner, String audience, long expirationSeconds) {
        return new Token("token", Instant.now().plusSeconds(expirationSeconds));
    }

    @Override
    public void ready(Machine machine, ConfigureResponse answered) {
        stumble("ready");
        calls.add("nodeReady");
    }

    @Override
    public void keep(Machine machine) {
        kept.add(machine.getMetadata().getName());
    }

    @Override
    public void remove(Machine machine) {
        calls.add("nodeRemoved");
    }

    @Override
    public Optional<Programs> programs() {
        return Optional.of(new Programs("6.1.0 0123456789ab", "ba9876543210", "7.2.0"));
    }

    @Override
    public VirtualMachine start(MachineConfiguration configuration) {
        stumble("start");
        calls.add("start " + configuration.imageDisks().size());
        if (died.getCount() == 0) {
            died = new CountDownLatch(1);
        }
        return vm(configuration.id());
    }

    /// How many machines wait for pods.
    final AtomicInteger waiting = new AtomicInteger();

    @Override
    public Optional<WaitingMachine> reserve(Size size) {
        if (waiting.getAndUpdate(count -> Math.max(0, count - 1)) == 0) {
            return Optional.empty();
        }
        calls.add("reserve");
        return Optional.of(new Waiting());
    }

    private final class Waiting implements WaitingMachine {
        private final AtomicBoolean taken = new AtomicBoolean();

        @Override
        public long pid() {
            return 1;
        }

        @Override
        public String tapName() {
            return "waits";
        }

        @Override
        public VirtualMachine become(MachineConfiguration configuration) {
            taken.set(true);
            stumble("become");
            calls.add("become " + configuration.imageDisks().size());
            return vm(configuration.id());
        }

        @Override
        public void close() {
            if (taken.compareAndSet(false, true)) {
                calls.add("end what waited");
            }
        }
    }

    VirtualMachine vm(String id) {
        return new FakeMachine(id, directory.resolve("g.sock"), died, calls);
    }

    @Override
    public List<VirtualMachine> recover() {
        return left.stream().map(this::vm).toList();
    }

    @Override
    public Accelerator accelerator() {
        return Accelerator.TCG;
    }

    @Override
    public void ensureVpc(VpcNetwork vpc) {}

    @Override
    public Attachment attach(PodInterface podInterface, Optional<OpenTap> opened) {
        stumble("attach");
        opened.ifPresent(_ -> stumble("attach opened"));
        calls.add(opened.map(tap -> "attach " + tap.name()).orElse("attach"));
        return new Attachment("ns", "mp-1", 1500);
    }

    @Override
    public void detach(String machineId) {
        calls.add("detach");
    }

    @Override
    public void retainOnly(Collection<String> machineIds) {
        calls.add("retain " + machineIds.stream().sorted().toList());
    }

    @Override
    public Optional<String> hostAddress(String vpc) {
        return Optional.empty();
    }

    @Override
    public void serveKubelets(Collection<Kubelet> kubelets) {}

    /// Whether anybody answers at the pods' kubelets.
    final AtomicBoolean kubeletAnswers = new AtomicBoolean(true);

    @Override
    public boolean servesKubelet(String vpc, String address) {
        if (!kubeletAnswers.get()) {
            calls.add("no kubelet yet");
        }
        return kubeletAnswers.get();
    }

    @Override
    public Map<String, Traffic> traffic(Collection<String> machineIds) {
        return Map.of();
    }

    @Override
    public void removeAll() {}

    @Override
    public ResolvedImage resolve(String reference, PullPolicy policy, PullIdentity identity) {
        stumble("resolve");
        identity.secrets();
        return new ResolvedImage(
                reference,
                reference + "@sha256:1",
                "sha256:1",
                directory.resolve("image-" + reference.hashCode()),
                false,
                new ImageConfig(
                        List.of("/entry"),
                        List.of("image-command"),
                        List.of("IMAGE=1"),
                        "/work",
                        "1000",
                        Optional.of("SIGINT"),
                        Map.of(),
                        List.of()));
    }

    @Override
    public boolean present(ResolvedImage image) {
        return false;
    }

    @Override
    public long fetch(ResolvedImage image, PullIdentity identity, Consumer<PullProgress> progress) {
        stumble("fetch");
        progress.accept(new PullProgress(10, 10));
        return 10;
    }

    @Override
    public List<String> load(Path tar) {
        return List.of();
    }

    @Override
    public void close() {
        end(pods);
        guest.close();
        transport.close();
    }

    /// Pods of an agent on this host end: one that lived on would write into a directory that is
    /// being removed.
    void end(HostPods ofAgent) {
        troubles.clear();
        var left = ofAgent.workers();
        left.forEach(PodWorker::podGone);
        for (var worker : left) {
            try {
                var unused = worker.awaitGone(Duration.ofSeconds(5));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
