package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.pull.ImagePuller;
import dev.monopod.agent.pod.pull.PodImages;
import dev.monopod.agent.pod.scope.Backoff;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodReports;
import dev.monopod.agent.pod.scope.PodScope;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.agent.pod.scope.StartTrace.Step;
import dev.monopod.agent.pod.spec.ContainerPlan;
import dev.monopod.agent.pod.spec.PodNames;
import dev.monopod.agent.pod.volume.ImageVolumes;
import dev.monopod.agent.pod.volume.NetworkVolumes;
import dev.monopod.agent.pod.volume.PodFiles;
import dev.monopod.agent.pod.volume.PodVolumes;
import dev.monopod.agent.pod.volume.StorageWatch;
import dev.monopod.agent.pod.volume.VolumeRequests;
import dev.monopod.host.guest.GuestChannel;
import dev.monopod.host.machine.Hypervisor.MachineConfiguration;
import dev.monopod.host.machine.Hypervisor.Size;
import dev.monopod.host.machine.Hypervisor.TapDevice;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.host.machine.MachineException;
import dev.monopod.host.network.HostNetwork.Attachment;
import dev.monopod.host.network.HostNetwork.PodInterface;
import dev.monopod.kube.client.EventType;
import dev.monopod.protocol.guest.ConfigureResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings a pod's machine up: network and images in parallel, then the machine, then its identity.
/// Runs on one thread of the pod, once; results go to the pod's mailbox.
final class PodStartup {
    private static final Logger LOG = LoggerFactory.getLogger(PodStartup.class);
    private static final Duration RETRY = Duration.ofSeconds(5);
    private static final Duration NAME_RETRY = Duration.ofMinutes(5);

    private final PodView view;
    private final PodScope scope;
    private final PodReports reports;
    private final MachineHandle machine;
    private final WorkerServices services;
    private final Optional<VirtualMachine> recovered;
    private final ImagePuller puller;
    private final ImageVolumes imageVolumes;
    private final PodVolumes volumes;
    private final PodBinding binding;
    private final SlowStart slow;
    private final GuestIdentity identity;
    private final MachineTold told;

    /// @param recovered the machine, when it runs already
    PodStartup(
            PodView view,
            PodScope scope,
            PodReports reports,
            MachineHandle machine,
            WorkerServices services,
            Optional<VirtualMachine> recovered) {
        this.view = view;
        this.scope = scope;
        this.reports = reports;
        this.machine = machine;
        this.services = services;
        this.recovered = recovered;
        var images = new PodImages(services.images(), view, reports, services.source());
        var settings = services.settings();
        this.identity = new GuestIdentity(view, machine, clusterDomain());
        this.told = new MachineTold(view, scope, services.api());
        this.slow = new SlowStart(view, scope, services.nodes());
        this.binding = new PodBinding(view, scope, reports, services.api());
        this.puller = new ImagePuller(view, scope, reports, machine, images);
        this.imageVolumes = new ImageVolumes(view, scope, reports, machine, images);
        this.volumes =
                new PodVolumes(
                        view,
                        scope,
                        reports,
                        machine,
                        new VolumeRequests(
                                view,
                                machine,
                                imageVolumes,
                                services.source(),
                                settings.volumes(),
                                scope.clocks()),
                        new PodFiles(view, reports, machine, settings.dns()));
    }

    void run() throws InterruptedException {
        if (recovered.isEmpty() && patiently(this::rejected)) {
            return;
        }
        var bound = new CountDownLatch(1);
        scope.persevere(
                "waiting for the binding",
                () -> {
                    binding.await();
                    bound.countDown();
                });
        volumes.readAhead(bound);
        slow.bound();
        awaitName();
        var up = patiently(() -> recovered.isPresent() ? again(recovered.get()) : bringUp());
        if (up.isEmpty()) {
            return;
        }
        var guest = up.get().guest();
        slow.ended();
        machine.memoryTold(guest.getMemoryTotalBytes());
        reports.post(new PodInput.MachineReady());
        scope.insist(
                "telling that the machine runs",
                () -> told.running(up.get().guest(), fresh(up.get())));
        scope.insist(
                "telling that the Node is ready",
                () -> services.nodes().ready(view.machine(), guest));
        patiently(() -> {
            volumes.prepare();
            return true;
        });
        new KubeletDoor(view, scope, services.network()).await();
        if (!scope.closed()) {
            reports.post(new PodInput.Prepared());
            new StorageWatch(view, scope, reports, machine).start();
            volumes.refresh();
        }
    }

    private Optional<MachineTold.Begun> fresh(Up up) {
        return recovered.isPresent()
                ? Optional.empty()
                : Optional.of(new MachineTold.Begun(up.took(), services.hypervisor().programs()));
    }

    /// @param took from the machine's start to the guest's answer; zero if it ran before
    private record Up(ConfigureResponse guest, Duration took) {}

    private interface Attempt<T> {
        T run() throws InterruptedException;
    }

    /// What fails before the guest's first answer is nothing that the pod lost: it waits, says why,
    /// and goes on once the cause is gone.
    private <T> T patiently(Attempt<T> step) throws InterruptedException {
        var backoff = new Backoff();
        while (true) {
            try {
                return step.run();
            } catch (RuntimeException | LinkageError | StackOverflowError e) {
                if (scope.closed() || Thread.interrupted()) {
                    throw new InterruptedException();
                }
                trouble("FailedCreatePodSandBox", "Failed to create pod sandbox: ", e);
                if (scope.pause(backoff.next())) {
                    throw new InterruptedException();
                }
            }
        }
    }

    private Optional<Up> again(VirtualMachine running) throws InterruptedException {
        var attachment = attach(new Reservation(Optional.empty()));
        var lasting = view.plan().lasting().stream().map(ContainerPlan::name).toList();
        if (!machine.images().keySet().containsAll(lasting)) {
            // Its record was lost.
            puller.resolveAll();
            imageVolumes.resolveAll();
        }
        arrangeDisks();
        machine.started(running);
        puller.fetchAll();
        open(GuestChannel.again(running.channel(), services.transport()));
        scope.persevere("watching the machine", () -> watch(running));
        return new AdoptedGuest(view, scope, reports)
                .answer(() -> configured(attachment))
                .map(guest -> new Up(guest, Duration.ZERO));
    }

    private Optional<Up> bringUp() throws InterruptedException {
        services.api().claimMachine(view.machine());
        scope.persevere("telling that the machine starts", told::starting);
        try (var reserved = new Reservation(services.hypervisor().reserve(size()))) {
            var network = scope.submit("attaching the network", () -> attach(reserved));
            puller.resolveAll();
            imageVolumes.resolveAll();
            scope.reached(Step.IMAGES);
            var attachment = joined("attaching the network", network);
            var turn = StartTurn.of(services.turns());
            var goesOn = false;
            try {
                var up = boot(attachment, reserved);
                goesOn = machine.images().values().stream().allMatch(services.images()::present);
                if (goesOn) {
                    turn.endSoon(scope);
                }
                return Optional.of(up);
            } finally {
                if (!goesOn) {
                    turn.close();
                }
            }
        }
    }

    /// Nothing has run in a machine whose guest has not answered yet: it is switched off, and
    /// another one starts.
    private Up boot(Attachment attachment, Reservation reserved) throws InterruptedException {
        var begun = scope.steady();
        var vm = start(attachment, reserved);
        machine.started(vm);
        scope.reached(Step.MACHINE);
        var answered = false;
        try {
            open(new GuestChannel(vm.channel(), services.transport()));
            puller.fetchAll();
            var configuring = scope.submit("configuring the guest", () -> configured(attachment));
            scope.run(
                    "watching the boot",
                    () -> {
                        var unused = vm.awaitExit();
                        configuring.cancel(true);
                    });
            var guest = joined("configuring the guest", configuring);
            answered = true;
            scope.persevere("watching the machine", () -> watch(vm));
            return new Up(guest, Duration.between(begun, scope.steady()));
        } finally {
            // Whoever ends the pod switches its machine off.
            if (!answered && !scope.closed()) {
                machine.stopped();
                vm.destroy(Duration.ZERO);
            }
        }
    }

    private void open(GuestChannel channel) {
        machine.disconnect();
        machine.opened(channel);
    }

    private ConfigureResponse configured(Attachment attachment) {
        return machine.guest()
                .configure(
                        () -> identity.request(attachment.mtu(), scope.now()),
                        services.settings().bootPatience());
    }

    /// Whether the pod may not run here at all; then it has failed.
    private boolean rejected() throws InterruptedException {
        var rejection = PodAdmission.judge(view.pod());
        if (rejection.isEmpty()) {
            return false;
        }
        binding.await();
        var why = rejection.get();
        LOG.warn("{}: rejected: {}", view.plan().display(), why.message());
        reports.event(EventType.WARNING, why.reason(), why.message());
        scope.insist("keeping the Node", () -> services.nodes().keep(view.machine()));
        reports.post(why.input());
        return true;
    }

    private String clusterDomain() {
        return services.settings().dns().clusterDomain();
    }

    /// A pod whose name no kernel can hold waits, as under a kubelet, and says why now and then.
    private void awaitName() throws InterruptedException {
        while (true) {
            try {
                PodNames.kernel(view.pod(), clusterDomain());
                return;
            } catch (IllegalArgumentException e) {
                trouble("FailedCreatePodSandBox", "Failed to create pod sandbox: ", e);
                if (scope.pause(NAME_RETRY)) {
                    throw new InterruptedException();
                }
            }
        }
    }

    /// The images of the containers and volumes, and the kernel's modules that the volumes need.
    private List<Path> arrangeDisks() {
        if (!machine.disks().isEmpty()) {
            return machine.disks();
        }
        List<Path> disks = new ArrayList<>();
        for (var container : view.plan().lasting()) {
            disks.add(machine.image(container.name()).disk());
        }
        ImageVolumes.of(view.pod())
                .forEach(volume -> disks.add(machine.image(ImageVolumes.key(volume)).disk()));
        if (NetworkVolumes.any(view.pod())) {
            disks.add(services.settings().volumes().nfsModules());
        }
        return machine.arrange(disks);
    }

    /// What waits is given up if its tap can't be had: an ordinary machine starts then.
    private Attachment attach(Reservation reserved) throws InterruptedException {
        var network = view.machine().getSpec().network();
        while (true) {
            try {
                var attachment =
                        services.network()
                                .attach(
                                        new PodInterface(
                                                view.machineName(),
                                                network.vpc(),
                                                network.address(),
                                                network.gateway(),
                                                network.mac()),
                                        reserved.tap());
                scope.reached(Step.NETWORK);
                return attachment;
            } catch (RuntimeException e) {
                if (reserved.giveUp()) {
                    LOG.warn("{}: another machine starts: {}", view.plan().display(), e.toString());
                    continue;
                }
                trouble("FailedCreatePodSandBox", "attaching the network failed: ", e);
                if (scope.pause(RETRY)) {
                    throw new InterruptedException();
                }
            }
        }
    }

    private Size size() {
        var size = view.machine().getSpec().size();
        return new Size(size.milliCpu(), size.memoryMebiBytes(), size.storageMebiBytes() << 20);
    }

    private VirtualMachine start(Attachment attachment, Reservation reserved)
            throws InterruptedException {
        var size = size();
        var configuration =
                new MachineConfiguration(
                        view.machineName(),
                        size.milliCpu(),
                        size.memoryMebiBytes(),
                        size.scratchBytes(),
                        arrangeDisks(),
                        Optional.of(
                                new TapDevice(
                                        attachment.networkNamespace(),
                                        attachment.tapName(),
                                        view.machine().getSpec().network().mac())));
        try {
            var waited = reserved.take(configuration);
            if (waited.isPresent()) {
                return waited.get();
            }
        } catch (MachineException e) {
            LOG.warn("{}: another machine starts: {}", view.plan().display(), e.getMessage());
            // The tap has gone with the machine.
            var unused = attach(reserved);
        }
        while (true) {
            try {
                return services.hypervisor().start(configuration);
            } catch (RuntimeException e) {
                if (scope.closed()) {
                    throw new InterruptedException();
                }
                trouble("FailedCreatePodSandBox", "starting the machine failed: ", e);
                if (scope.pause(RETRY)) {
                    throw new InterruptedException();
                }
            }
        }
    }

    private void watch(VirtualMachine vm) throws InterruptedException {
        var why = vm.awaitExit();
        if (!scope.closed()) {
            reports.post(new PodInput.MachineLost(why));
        }
    }

    private void trouble(String reason, String what, Throwable e) {
        LOG.warn("{}: {}{}", view.plan().display(), what, e.getMessage());
        reports.event(EventType.WARNING, reason, what + e.getMessage());
    }

    private static <T> T joined(String what, Future<T> future) throws InterruptedException {
        try {
            return future.get();
        } catch (CancellationException e) {
            throw new IllegalStateException("the machine ended before its guest answered", e);
        } catch (ExecutionException e) {
            var cause = Objects.requireNonNullElse(e.getCause(), e);
            if (cause instanceof InterruptedException) {
                throw new InterruptedException();
            }
            throw new IllegalStateException(what + " failed: " + cause.getMessage(), cause);
        }
    }
}
