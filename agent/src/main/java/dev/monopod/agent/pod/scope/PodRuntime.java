package dev.monopod.agent.pod.scope;

import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.container.ProbeTally;
import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.resize.PodResize;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.agent.pod.spec.DownwardFields;
import dev.monopod.agent.pod.spec.PodPlan;
import dev.monopod.agent.pod.volume.ImageVolumes;
import dev.monopod.agent.pod.volume.NetworkVolumes;
import dev.monopod.host.guest.GuestChannel;
import dev.monopod.host.image.ImageStore.ResolvedImage;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.kube.api.Machine;
import dev.monopod.protocol.guest.ContainerUser;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the threads of one pod share: the pod as last seen, its machine, channel and images, the
/// mailbox of its owner thread. Thread-safe.
public final class PodRuntime {
    private static final Logger LOG = LoggerFactory.getLogger(PodRuntime.class);
    private static final int MAILBOX = 1024;

    private final Machine machine;
    private volatile PodPlan plan;
    private final WorkerServices services;
    private final BlockingQueue<PodInput> mailbox = new LinkedBlockingQueue<>(MAILBOX);
    private final ExecutorService tasks =
            Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("pod-task-", 0).factory());
    private final CountDownLatch closing = new CountDownLatch(1);
    private final CountDownLatch gone = new CountDownLatch(1);
    private final Nudge volumeNews = new Nudge();
    private volatile Pod pod;
    private volatile Optional<VirtualMachine> vm = Optional.empty();
    private volatile Optional<GuestChannel> channel = Optional.empty();
    private final Map<String, ResolvedImage> images = new ConcurrentHashMap<>();
    private final Map<String, ContainerUser> users = new ConcurrentHashMap<>();
    private volatile List<Path> disks = List.of();
    private volatile long memoryBytes;
    private final ProbeTally probes = new ProbeTally();
    private final PodResize resize;

    public PodRuntime(Machine machine, Pod pod, WorkerServices services) {
        this.machine = machine;
        this.plan = PodPlan.of(pod);
        this.pod = pod;
        this.services = services;
        this.resize = new PodResize(this);
        this.memoryBytes = machine.getSpec().size().memoryMebiBytes() << 20;
    }

    public Machine machine() {
        return machine;
    }

    public String machineName() {
        return machine.getMetadata().getName();
    }

    public PodPlan plan() {
        return plan;
    }

    public WorkerServices services() {
        return services;
    }

    public Pod pod() {
        return pod;
    }

    public void podSeen(Pod seen) {
        var before = pod.getMetadata();
        pod = seen;
        plan = PodPlan.of(seen);
        if (!Objects.equals(before.getLabels(), seen.getMetadata().getLabels())
                || !Objects.equals(before.getAnnotations(), seen.getMetadata().getAnnotations())) {
            volumeNews.nudge();
        }
    }

    /// Tells when the downward API has something new, or the machine goes.
    public Nudge volumeNews() {
        return volumeNews;
    }

    public Optional<VirtualMachine> vm() {
        return vm;
    }

    public void vmStarted(VirtualMachine started) {
        vm = Optional.of(started);
    }

    public Optional<GuestChannel> channel() {
        return channel;
    }

    /// @throws IllegalStateException before the guest answered
    public GuestChannel guest() {
        return channel.orElseThrow(
                () -> new IllegalStateException("machine is not up: " + plan.name()));
    }

    public void channelOpened(GuestChannel opened) {
        channel = Optional.of(opened);
    }

    public Map<String, ResolvedImage> images() {
        return images;
    }

    /// Who the containers run as, by name, as far as the guest has told.
    public Map<String, ContainerUser> users() {
        return users;
    }

    public List<Path> disks() {
        return disks;
    }

    /// The order that an earlier life of the agent fixed.
    public void disksArranged(List<Path> known) {
        disks = List.copyOf(known);
    }

    /// Fixes the order of the disks of the pod's images, each distinct one once, and of the
    /// kernel's modules that it needs.
    public List<Path> arrangeDisks() {
        if (!disks.isEmpty()) {
            return disks;
        }
        Set<Path> distinct = new LinkedHashSet<>();
        for (ContainerPlan container : plan.lasting()) {
            distinct.add(image(container.name()).disk());
        }
        ImageVolumes.of(pod)
                .forEach(volume -> distinct.add(image(ImageVolumes.key(volume)).disk()));
        if (NetworkVolumes.any(pod)) {
            distinct.add(services.settings().volumes().nfsModules());
        }
        disks = List.copyOf(distinct);
        return disks;
    }

    public ResolvedImage image(String container) {
        ResolvedImage image = images.get(container);
        if (image == null) {
            throw new IllegalStateException("image of " + container + " is not resolved");
        }
        return image;
    }

    /// Slot of the container's image in the guest; 0 is the scratch disk. An image that came later
    /// is put into a spare one.
    ///
    /// @throws dev.monopod.host.machine.MachineException when no slot is free
    public int slot(String container) {
        return slot(image(container).disk());
    }

    /// Slot of the kernel's modules for NFS.
    public int nfsSlot() {
        return slot(services.settings().volumes().nfsModules());
    }

    private int slot(Path disk) {
        int index = disks.indexOf(disk);
        return index >= 0 ? index + 1 : vm.orElseThrow().insertDisk(disk);
    }

    public PodResize resize() {
        return resize;
    }

    /// The pod with the resources that it was granted, which a resize may lag behind.
    public Pod granted() {
        return resize.granted().applyTo(pod);
    }

    public ProbeTally probes() {
        return probes;
    }

    public long memoryBytes() {
        return memoryBytes;
    }

    public void memoryTold(long bytes) {
        memoryBytes = bytes;
    }

    public DownwardFields fields() {
        var size = machine.getSpec().size();
        return new DownwardFields(
                pod(),
                machine.getSpec().network().address(),
                hostAddress(),
                new DownwardFields.Allocatable(
                        size.milliCpu(),
                        size.memoryMebiBytes() << 20,
                        size.storageMebiBytes() << 20));
    }

    /// As in EKS, the Node's address is the pod's.
    public String hostAddress() {
        return machine.getSpec().network().address();
    }

    public Path directory() {
        return services.podDirectory(plan.uid());
    }

    public void post(PodInput input) {
        try {
            mailbox.put(input);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    public Optional<PodInput> take(Duration patience) throws InterruptedException {
        return Optional.ofNullable(
                mailbox.poll(Math.max(1, patience.toMillis()), TimeUnit.MILLISECONDS));
    }

    /// Runs a task of this pod; a failure is logged. Interrupted when the pod goes.
    public void run(String what, Task task) {
        if (tasks.isShutdown()) {
            return;
        }
        tasks.execute(() -> {
            try {
                task.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException e) {
                if (!closed()) {
                    LOG.warn("{}: {} failed", plan.display(), what, e);
                }
            }
        });
    }

    public ExecutorService tasks() {
        return tasks;
    }

    public boolean closed() {
        return closing.getCount() == 0;
    }

    /// Waits; true when the pod goes in the meantime.
    public boolean pause(Duration duration) throws InterruptedException {
        return closing.await(duration.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// Ends the tasks that need the machine; the status is still written.
    public void closeMachine() {
        closing.countDown();
        volumeNews.nudge();
        channel.ifPresent(GuestChannel::close);
    }

    /// Whether nothing is left to be told of this pod.
    public boolean gone() {
        return gone.getCount() == 0;
    }

    /// Waits; true when the pod is gone meanwhile.
    public boolean pauseUntilGone(Duration duration) throws InterruptedException {
        return gone.await(duration.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// Ends every task.
    public void close() {
        closing.countDown();
        volumeNews.nudge();
        gone.countDown();
        tasks.shutdownNow();
        channel.ifPresent(GuestChannel::close);
    }

    public void event(PodApi.EventType type, String reason, String message) {
        event(type, reason, message, "");
    }

    public void event(PodApi.EventType type, String reason, String message, String fieldPath) {
        run("event " + reason, () -> services.api().event(pod(), type, reason, message, fieldPath));
    }

    /// Work that may be interrupted.
    @FunctionalInterface
    public interface Task {
        void run() throws InterruptedException;
    }
}
