package dev.monopod.controller.machine;

import dev.monopod.controller.ClusterView;
import dev.monopod.controller.machine.HostSightings.Verdict;
import dev.monopod.controller.machine.MachineFate.PodEnd;
import dev.monopod.controller.machine.MachineFate.PodSight;
import dev.monopod.controller.machine.MachineFate.Stage;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.Finalizers;
import dev.monopod.kube.client.Patches;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.names.Names;
import dev.monopod.model.time.Clocks;
import dev.monopod.model.time.Moment;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Removes what outlived its pod or its host. What the watches show only says where to look: pod,
/// host and Machine are read from the API server itself before anything goes, so a gap in a watch
/// removes nothing. Every step can be repeated. One thread does all.
public final class MachineCleanup implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MachineCleanup.class);

    /// Well below [HostSightings#LONGEST_GAP].
    private static final Duration PERIOD = Duration.ofSeconds(5);

    private static final String LEASES = "kube-node-lease";

    private final KubernetesClient client;
    private final Finalizers finalizers;
    private final Patches patches;
    private final PodEnding ending;
    private final Cached cached;
    private final Clocks clocks;
    private final Duration lostAfter;
    private final HostSightings sightings;
    private volatile Set<String> lost = Set.of();

    /// Hosts whose objects say already that they were given up, in this sweep.
    private final Set<String> told = new HashSet<>();

    private final Loop loop;

    /// What the watches show; it may lag.
    ///
    /// @param pod by `NAMESPACE/NAME`
    record Cached(
            Supplier<List<Machine>> machines,
            Supplier<List<Host>> hosts,
            Function<String, @Nullable Pod> pod) {}

    /// @param lostAfter silence after which a host is lost
    public MachineCleanup(
            KubernetesClient client,
            ClusterView cluster,
            Loops loops,
            Clocks clocks,
            Duration lostAfter) {
        this(
                client,
                new Cached(cluster::machines, cluster::hosts, cluster::fargatePod),
                loops,
                clocks,
                lostAfter);
    }

    MachineCleanup(
            KubernetesClient client,
            Cached cached,
            Loops loops,
            Clocks clocks,
            Duration lostAfter) {
        this.loop = loops.loop("machine-cleanup", Pace.every(PERIOD), this::sweep);
        this.lostAfter = lostAfter;
        this.sightings = new HostSightings(lostAfter);
        this.client = client;
        this.finalizers = new Finalizers(client);
        this.patches = new Patches(client);
        this.ending = new PodEnding(client);
        this.cached = cached;
        this.clocks = clocks;
    }

    public void start() {
        loop.start();
    }

    /// Hosts that were lost at the last look. Any thread.
    public Set<String> lostHosts() {
        return lost;
    }

    @Override
    public void close() {
        loop.close();
    }

    void sweep() {
        told.clear();
        sightings.forgetBefore(clocks.steady().instant());
        var verdicts = new HashMap<String, Verdict>();
        // Those without machines, too: they may serve load balancers.
        for (var host : cached.hosts().get()) {
            try {
                verdicts.computeIfAbsent(
                        host.getMetadata().getName(), name -> judge(name, clocks.now()));
            } catch (RuntimeException e) {
                LOG.warn("host {}: {}", host.getMetadata().getName(), e.toString());
            }
        }
        for (var machine : cached.machines().get()) {
            try {
                var host =
                        verdicts.computeIfAbsent(
                                machine.getSpec().host(), name -> judge(name, clocks.now()));
                act(machine, host);
            } catch (RuntimeException e) {
                // One that fails holds up no other.
                LOG.warn(
                        "failed to look after {}, retrying: {}",
                        machine.getMetadata().getName(),
                        e.toString());
            }
        }
        lost =
                verdicts.entrySet().stream()
                        .filter(entry -> entry.getValue() == Verdict.LOST)
                        .map(Map.Entry::getKey)
                        .collect(Collectors.toUnmodifiableSet());
    }

    private Verdict judge(String name, Moment now) {
        var speaks =
                cached.hosts().get().stream()
                        .filter(host -> host.getMetadata().getName().equals(name))
                        .anyMatch(host -> speaks(host, now.wall()));
        if (speaks) {
            return Verdict.THERE;
        }
        @Nullable Host host = client.resources(Host.class).withName(name).get();
        return sightings.look(
                name, Optional.ofNullable(host).map(MachineCleanup::heartbeat), now.steady());
    }

    private static boolean speaks(Host host, Instant now) {
        try {
            return HostSightings.fresh(Instant.parse(heartbeat(host)), now);
        } catch (DateTimeParseException e) {
            return false;
        }
    }

    private static String heartbeat(Host host) {
        var status = host.getStatus();
        return status == null || status.heartbeat() == null ? "" : status.heartbeat();
    }

    private void act(Machine machine, Verdict host) {
        var name = machine.getMetadata().getName();
        var pod = pod(machine, host);
        var sight = PodSight.of(pod, machine.getSpec().pod().uid());
        switch (MachineFate.of(Stage.of(machine), sight, host)) {
            case MachineFate.Keep() -> {}
            case MachineFate.Delete() -> {
                client.resource(machine).delete();
                LOG.info("{}: its pod is gone", name);
            }
            case MachineFate.Forget(var podEnd) -> {
                var found = client.resource(machine).get();
                if (found == null || !uid(found).equals(uid(machine))) {
                    // The watch lags: the Machine is gone, and its address may be another's.
                    return;
                }
                LOG.warn(
                        "{}: host {} is lost, removing its machine",
                        name,
                        machine.getSpec().host());
                // Before anything goes: the agent that comes back then knows that it is meant.
                tellHost(machine.getSpec().host());
                // The pod first: what remains after a failure is found, and forgotten, again.
                if (pod != null) {
                    end(pod, podEnd, machine.getSpec().host());
                }
                forget(machine);
            }
        }
    }

    private void tellHost(String host) {
        if (told.add(host)) {
            var unused =
                    ApiCall.unless(
                            ApiCode.NOT_FOUND,
                            () -> patches.merge(named(host), givenUp(clocks.wall().instant())));
        }
    }

    private static Map<String, ?> givenUp(Instant now) {
        return Map.of(
                "metadata",
                Map.of("annotations", Map.of(Names.GIVEN_UP_ANNOTATION, now.toString())));
    }

    private static Host named(String name) {
        var host = new Host();
        host.setMetadata(new ObjectMetaBuilder().withName(name).build());
        return host;
    }

    private static String uid(HasMetadata object) {
        return object.getMetadata().getUid();
    }

    /// A cached pod of the right UID shows that it is not gone; all else is read.
    private @Nullable Pod pod(Machine machine, Verdict host) {
        var wanted = machine.getSpec().pod();
        @Nullable Pod known = cached.pod().apply(wanted.namespace() + "/" + wanted.name());
        return switch (host) {
            case THERE -> PodSight.of(known, wanted.uid()) == PodSight.GONE ? read(machine) : known;
            case LOST -> read(machine);
        };
    }

    private @Nullable Pod read(Machine machine) {
        var wanted = machine.getSpec().pod();
        return client.pods().inNamespace(wanted.namespace()).withName(wanted.name()).get();
    }

    private void end(Pod pod, PodEnd end, String host) {
        switch (end) {
            case NOTHING -> {}
            case FAIL ->
                    ending.status(
                            pod, LostPod.failed(pod, host, lostAfter, clocks.wall().instant()));
            case DELETE -> ending.deletion(pod);
        }
    }

    private void forget(Machine machine) {
        var node = machine.getSpec().nodeName();
        client.nodes().withName(node).delete();
        client.leases().inNamespace(LEASES).withName(node).delete();
        client.resource(machine).delete();
        // Someone else's finalizer is not ours to break.
        finalizers.remove(machine, Names.AGENT_FINALIZER);
    }
}
