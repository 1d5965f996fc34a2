package dev.monopod.agent.pod.worker;

import com.google.protobuf.ByteString;
import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.life.PodInput;
import dev.monopod.agent.pod.pull.ImagePuller;
import dev.monopod.agent.pod.scope.PodRuntime;
import dev.monopod.agent.pod.spec.PodNames;
import dev.monopod.agent.pod.spec.PodNumbers;
import dev.monopod.agent.pod.spec.Sysctls;
import dev.monopod.agent.pod.status.PodStatusView;
import dev.monopod.agent.pod.volume.ImageVolumes;
import dev.monopod.agent.pod.volume.PodVolumes;
import dev.monopod.agent.pod.volume.StorageWatch;
import dev.monopod.host.guest.GuestChannel;
import dev.monopod.host.machine.Hypervisor.MachineConfiguration;
import dev.monopod.host.machine.Hypervisor.TapDevice;
import dev.monopod.host.machine.Hypervisor.VirtualMachine;
import dev.monopod.host.network.HostNetwork.Attachment;
import dev.monopod.host.network.HostNetwork.PodInterface;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.kube.api.MachineStatus;
import dev.monopod.protocol.guest.ConfigureRequest;
import dev.monopod.protocol.guest.ConfigureResponse;
import dev.monopod.protocol.guest.NetworkInterface;
import io.fabric8.kubernetes.api.model.Pod;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings a pod's machine up: network and images in parallel, then the machine, then its identity.
/// Runs on one thread of the pod, once; results go to the pod's mailbox.
final class PodStartup {
    private static final Logger LOG = LoggerFactory.getLogger(PodStartup.class);
    private static final int ENTROPY_BYTES = 64;
    private static final Duration RETRY = Duration.ofSeconds(5);
    private static final Duration NAME_RETRY = Duration.ofMinutes(5);
    private static final Duration BINDING_POLL = Duration.ofMillis(500);
    private static final SecureRandom RANDOM = new SecureRandom();

    private final PodRuntime runtime;
    private final PodVolumes volumes;
    private final Optional<VirtualMachine> recovered;

    /// @param recovered the machine, when it runs already
    PodStartup(PodRuntime runtime, Optional<VirtualMachine> recovered) {
        this.runtime = runtime;
        this.volumes = new PodVolumes(runtime);
        this.recovered = recovered;
    }

    void run() throws InterruptedException {
        if (recovered.isEmpty() && rejected()) {
            return;
        }
        runtime.run("waiting for the binding", this::awaitBinding);
        awaitName();
        Instant begun = Instant.now();
        ImagePuller puller = new ImagePuller(runtime);
        Optional<ConfigureResponse> guest;
        if (recovered.isPresent()) {
            Attachment attachment = attach();
            runtime.arrangeDisks();
            runtime.vmStarted(recovered.get());
            puller.fetchAll();
            guest = configure(attachment);
        } else {
            tell(MachineStatus.Phase.Starting, Optional.empty(), begun, "");
            runtime.services().api().claimMachine(runtime.machineName());
            Future<Attachment> network = runtime.tasks().submit(this::attach);
            puller.resolveAll();
            new ImageVolumes(runtime).resolveAll();
            Attachment attachment = joined(network);
            runtime.services().boots().acquire();
            try {
                begun = Instant.now();
                runtime.vmStarted(start(attachment));
                puller.fetchAll();
                guest = configure(attachment);
            } finally {
                runtime.services().boots().release();
            }
        }
        if (guest.isEmpty()) {
            return;
        }
        Instant answered = Instant.now();
        Instant since = begun;
        runtime.memoryTold(guest.get().getMemoryTotalBytes());
        runtime.post(new PodInput.MachineReady());
        runtime.run(
                "telling of the machine",
                () -> {
                    tell(
                            MachineStatus.Phase.Running,
                            guest,
                            recovered.isPresent() ? answered : since,
                            "");
                    runtime.services().nodes().ready(runtime.machine(), guest.get());
                });
        volumes.prepare();
        if (!runtime.closed()) {
            runtime.post(new PodInput.Prepared());
            runtime.run("watching the disk", new StorageWatch(runtime)::run);
            volumes.refresh();
        }
    }

    /// Whether the pod may not run here at all; then it has failed.
    private boolean rejected() throws InterruptedException {
        Optional<PodAdmission.Rejection> rejection = PodAdmission.judge(runtime.pod());
        if (rejection.isEmpty()) {
            return false;
        }
        awaitBinding();
        PodAdmission.Rejection why = rejection.get();
        LOG.warn("{}: rejected: {}", runtime.plan().display(), why.message());
        runtime.event(PodApi.EventType.Warning, why.reason(), why.message());
        runtime.run("keeping the Node", () -> runtime.services().nodes().keep(runtime.machine()));
        runtime.post(why.input());
        return true;
    }

    private String clusterDomain() {
        return runtime.services().settings().dns().clusterDomain();
    }

    /// A pod whose name no kernel can hold waits, as under a kubelet, and says why now and then.
    private void awaitName() throws InterruptedException {
        while (true) {
            try {
                PodNames.kernel(runtime.pod(), clusterDomain());
                return;
            } catch (IllegalArgumentException e) {
                trouble("FailedCreatePodSandBox", "Failed to create pod sandbox: ", e);
                if (runtime.pause(NAME_RETRY)) {
                    throw new InterruptedException();
                }
            }
        }
    }

    private Attachment attach() throws InterruptedException {
        MachineSpec.Interface network = runtime.machine().getSpec().network();
        while (true) {
            try {
                return runtime.services()
                        .network()
                        .attach(
                                new PodInterface(
                                        runtime.machineName(),
                                        network.vpc(),
                                        network.address(),
                                        network.gateway(),
                                        network.mac(),
                                        runtime.services().settings().machineUid()));
            } catch (RuntimeException e) {
                trouble("FailedCreatePodSandBox", "attaching the network failed: ", e);
                if (runtime.pause(RETRY)) {
                    throw new InterruptedException();
                }
            }
        }
    }

    private VirtualMachine start(Attachment attachment) throws InterruptedException {
        MachineSpec spec = runtime.machine().getSpec();
        MachineConfiguration configuration =
                new MachineConfiguration(
                        runtime.machineName(),
                        spec.size().milliCpu(),
                        spec.size().memoryMebiBytes(),
                        spec.size().storageMebiBytes() << 20,
                        runtime.arrangeDisks(),
                        Optional.of(
                                new TapDevice(
                                        attachment.networkNamespace(),
                                        attachment.tapName(),
                                        spec.network().mac())));
        while (true) {
            try {
                return runtime.services().hypervisor().start(configuration);
            } catch (RuntimeException e) {
                if (runtime.closed()) {
                    throw new InterruptedException();
                }
                trouble("FailedCreatePodSandBox", "starting the machine failed: ", e);
                if (runtime.pause(RETRY)) {
                    throw new InterruptedException();
                }
            }
        }
    }

    private Optional<ConfigureResponse> configure(Attachment attachment) {
        VirtualMachine vm = runtime.vm().orElseThrow();
        GuestChannel channel =
                recovered.isPresent()
                        ? GuestChannel.again(vm.channel(), runtime.services().transport())
                        : new GuestChannel(vm.channel(), runtime.services().transport());
        runtime.channelOpened(channel);
        runtime.run("watching the machine", () -> watch(vm));
        try {
            return Optional.of(
                    channel.configure(
                            () -> identity(attachment),
                            runtime.services().settings().bootPatience()));
        } catch (RuntimeException e) {
            if (!runtime.closed()) {
                trouble("FailedCreatePodSandBox", "the guest does not answer: ", e);
                runtime.post(
                        new PodInput.MachineLost("the guest does not answer: " + e.getMessage()));
            }
            return Optional.empty();
        }
    }

    private void watch(VirtualMachine vm) throws InterruptedException {
        String why = vm.awaitExit();
        if (!runtime.closed()) {
            runtime.post(new PodInput.MachineLost(why));
        }
    }

    private ConfigureRequest identity(Attachment attachment) {
        var pod = runtime.pod();
        var network = runtime.machine().getSpec().network();
        byte[] entropy = new byte[ENTROPY_BYTES];
        RANDOM.nextBytes(entropy);
        Instant now = Instant.now();
        ConfigureRequest.Builder request =
                ConfigureRequest.newBuilder()
                        .setMachineId(runtime.machineName())
                        .setHostname(PodNames.kernel(pod, clusterDomain()))
                        .setDomainName(PodNames.domain(pod, clusterDomain()))
                        .setUnixTimeNanos(now.getEpochSecond() * 1_000_000_000L + now.getNano())
                        .setEntropy(ByteString.copyFrom(entropy))
                        .setNetwork(
                                NetworkInterface.newBuilder()
                                        .setMac(network.mac())
                                        .setAddress(network.address())
                                        .setPrefixLength(32)
                                        .setGateway(network.gateway())
                                        .setMtu(attachment.mtu()))
                        .setShareProcessNamespace(
                                Boolean.TRUE.equals(pod.getSpec().getShareProcessNamespace()));
        request.setPodResources(PodNumbers.of(runtime.granted(), runtime.memoryBytes()));
        return request.putAllSysctls(Sysctls.of(pod)).build();
    }

    private void awaitBinding() throws InterruptedException {
        while (!bound()) {
            if (runtime.pause(BINDING_POLL)) {
                return;
            }
        }
    }

    /// Returns whether there is nothing left to wait for.
    private boolean bound() {
        try {
            return look();
        } catch (RuntimeException e) {
            return runtime.closed();
        }
    }

    private boolean look() {
        if (unbound(runtime.pod())) {
            Optional<Pod> now =
                    runtime.services()
                            .api()
                            .pod(
                                    runtime.plan().namespace(),
                                    runtime.plan().name(),
                                    runtime.plan().uid());
            if (now.isEmpty()) {
                runtime.post(new PodInput.Deletion(Duration.ZERO));
                return true;
            }
            runtime.podSeen(now.get());
            if (unbound(now.get())) {
                return false;
            }
        }
        runtime.services().api().claimPod(runtime.pod(), runtime.machineName());
        runtime.post(new PodInput.Bound());
        return true;
    }

    private static boolean unbound(Pod pod) {
        return pod.getSpec().getNodeName() == null || pod.getSpec().getNodeName().isEmpty();
    }

    private void tell(
            MachineStatus.Phase phase,
            Optional<ConfigureResponse> guest,
            Instant begun,
            String message) {
        Instant now = Instant.now();
        runtime.services()
                .api()
                .machineStatus(
                        runtime.machineName(),
                        new MachineStatus(
                                phase,
                                guest.map(ConfigureResponse::getBootId).orElse(null),
                                message.isEmpty() ? null : message,
                                guest.isPresent() && recovered.isEmpty()
                                        ? PodStatusView.time(now)
                                        : null,
                                guest.isPresent() && recovered.isEmpty()
                                        ? Duration.between(begun, now).toMillis()
                                        : null,
                                null));
    }

    private void trouble(String reason, String what, RuntimeException e) {
        LOG.warn("{}: {}{}", runtime.plan().display(), what, e.getMessage());
        runtime.event(PodApi.EventType.Warning, reason, what + e.getMessage());
    }

    private static <T> T joined(Future<T> future) throws InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof InterruptedException) {
                throw new InterruptedException();
            }
            throw new IllegalStateException("attaching the network failed", e.getCause());
        }
    }
}
