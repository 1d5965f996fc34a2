package dev.monopod.agent.host;

import dev.monopod.host.machine.Hypervisor.Programs;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.HostSpec;
import dev.monopod.kube.api.HostStatus;
import dev.monopod.kube.api.MachineVersions;
import dev.monopod.kube.client.ConditionState;
import dev.monopod.kube.client.Patches;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Says every ten seconds what this host is and has, and soon again when that failed.
public final class HostRegistration implements AutoCloseable {
    private static final Duration HEARTBEAT = Duration.ofSeconds(10);
    private static final Duration FIRST_RETRY = Duration.ofSeconds(1);

    private final KubernetesClient client;
    private final Patches patches;
    private final Facts facts;
    private final Machinery machinery;
    private final InstantSource clock;
    private final Instant since;
    private final DiskPressure disk;
    private final Loop loop;

    /// @param underlayAddress empty if other hosts do not reach it
    /// @param accelerator `kvm` or `tcg`
    /// @param machineKernel release of the kernel that machines boot, empty if unknown
    public record Facts(
            String hostName,
            String address,
            String underlayAddress,
            String accelerator,
            String machineKernel,
            String agentVersion,
            Overcommit overcommit,
            Path dataDirectory) {}

    /// What changes while the agent runs.
    ///
    /// @param sharedMebiBytes memory that machines have in common at present
    /// @param programs that a machine would be made of now
    public record Machinery(LongSupplier sharedMebiBytes, Supplier<Optional<Programs>> programs) {}

    /// @param client that gives up a call within seconds: the next beat is the retry
    public HostRegistration(
            KubernetesClient client,
            Facts facts,
            Machinery machinery,
            Loops loops,
            InstantSource clock) {
        this.client = client;
        this.patches = new Patches(client);
        this.facts = facts;
        this.machinery = machinery;
        this.clock = clock;
        this.since = clock.instant();
        this.disk = new DiskPressure(facts.dataDirectory());
        this.loop =
                loops.loop(
                        "host-heartbeat",
                        Pace.every(HEARTBEAT).withRetries(FIRST_RETRY, HEARTBEAT),
                        this::beat);
    }

    public void start() {
        loop.start();
    }

    void beat() throws IOException {
        var resource = client.resources(Host.class).withName(facts.hostName());
        var found = resource.get();
        if (found == null) {
            var host = new Host();
            host.setMetadata(new ObjectMetaBuilder().withName(facts.hostName()).build());
            host.setSpec(new HostSpec(null, null, null, null));
            found = client.resource(host).create();
        }
        var capacity =
                HostCapacity.measure(
                        facts.overcommit().orAsked(found.getSpec()),
                        facts.dataDirectory(),
                        machinery.sharedMebiBytes().getAsLong());
        var status =
                new HostStatus(
                        capacity.milliCpu(),
                        capacity.memoryMebiBytes(),
                        capacity.storageMebiBytes(),
                        facts.accelerator(),
                        facts.address(),
                        facts.underlayAddress(),
                        facts.machineKernel(),
                        versions(),
                        facts.agentVersion(),
                        clock.instant().truncatedTo(ChronoUnit.SECONDS).toString(),
                        conditions(found));
        patches.mergeStatus(found, Map.of("status", status));
    }

    private @Nullable MachineVersions versions() {
        return machinery
                .programs()
                .get()
                .map(it -> new MachineVersions(it.kernel(), it.guest(), it.qemu()))
                .orElse(null);
    }

    private List<Condition> conditions(Host found) throws IOException {
        var status = found.getStatus();
        var before =
                status == null || status.conditions() == null
                        ? List.<Condition>of()
                        : status.conditions();
        var kvm = facts.accelerator().equals("kvm");
        return List.of(
                condition("Ready", true, "AgentRunning", "the agent takes machines"),
                condition(
                        "HardwareVirtualization",
                        kvm,
                        kvm ? "KvmBoots" : "KvmUnusable",
                        kvm
                                ? "machines run on KVM"
                                : "machines are emulated: slow, and without an isolation guarantee"),
                disk.now().condition(before, clock.instant()));
    }

    private Condition condition(String type, boolean value, String reason, String message) {
        return new ConditionState(type, value, reason, message).condition(List.of(), since);
    }

    @Override
    public void close() {
        loop.close();
    }
}
