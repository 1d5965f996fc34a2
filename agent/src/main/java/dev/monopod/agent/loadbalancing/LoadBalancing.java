package dev.monopod.agent.loadbalancing;

import dev.monopod.host.network.EdgeNetwork;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.client.Events;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.client.Watches;
import dev.monopod.kube.host.Addresses;
import dev.monopod.kube.mapping.MachineAddresses;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.loadbalancing.haproxy.HaproxyConfiguration;
import dev.monopod.loadbalancing.haproxy.TargetTable;
import dev.monopod.loadbalancing.objects.AddressOwners;
import dev.monopod.loadbalancing.objects.LoadBalancerObjects;
import dev.monopod.loadbalancing.rules.LoadBalancer;
import dev.monopod.loadbalancing.rules.LoadBalancers;
import dev.monopod.loadbalancing.rules.Machines;
import dev.monopod.loadbalancing.rules.Owner;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.time.SteadyClock;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Serves the load balancers whose address is on this host: keeps HAProxy running with what the
/// API's objects say, whatever was killed when. One thread does it all, at any change and once a
/// second.
public final class LoadBalancing implements AutoCloseable {
    private static final Duration TICK = Duration.ofSeconds(1);
    private static final Duration RETRY = Duration.ofSeconds(5);

    private final Watched<Vpc> vpcs;
    private final Watched<Machine> machines;
    private final WatchedKinds kinds;
    private final NamedCertificates certificates;
    private final LoadBalancerObjects objects;
    private final String hostName;
    private final Path runDirectory;
    private final Path log;
    private final TargetHealth health;
    private final LoadBalancers balancers = new LoadBalancers();
    private final RefusedBalancers refused;
    private final Loop loop;
    private boolean started;
    private Map<Owner, String> served = Map.of();
    private @Nullable Edge edge;

    /// The namespace and the process of the one VPC that is served.
    private record Edge(
            EdgeNetwork network,
            HaproxyProcess process,
            TargetCommands targets,
            AcceptedBalancers accepted) {}

    /// @param runDirectory emptied by a reboot, as the process is
    /// @param logDirectory where HAProxy's words go
    public LoadBalancing(
            KubernetesClient client,
            Watches watches,
            String hostName,
            Path runDirectory,
            Path logDirectory,
            Events events,
            Loops loops) {
        this.loop =
                loops.loop("load-balancing", Pace.every(TICK).withRetries(TICK, RETRY), this::pass);
        this.vpcs = watches.of(Vpc.class);
        vpcs.onChange(ChangeHandler.any(loop::nudge));
        this.machines = watches.of(Machine.class);
        this.kinds = new WatchedKinds(watches, loop::nudge);
        this.certificates =
                new NamedCertificates(kinds, key -> secret(client, key), SteadyClock.ofProcess());
        this.objects =
                new LoadBalancerObjects(
                        certificates,
                        this::vpcRanges,
                        () -> new Machines(MachineAddresses.namespaces(machines.list())));
        this.refused = new RefusedBalancers(events, objects);
        this.hostName = hostName;
        this.runDirectory = runDirectory;
        this.log = logDirectory.resolve("haproxy.log");
        this.health = new TargetHealth(client, Clock.systemUTC());
    }

    private static @Nullable Secret secret(KubernetesClient client, String key) {
        var parts = key.split("/", 2);
        return client.secrets().inNamespace(parts[0]).withName(parts[1]).get();
    }

    public void start() {
        loop.start();
    }

    private void pass() throws IOException {
        if (!started) {
            kinds.start();
            vpcs.start().join();
            machines.start().join();
            started = true;
        }
        var byOwner = AddressOwners.byOwner(mine());
        if (!byOwner.equals(served)) {
            served = byOwner;
            certificates.rightsChanged();
        }
        var wanted = balancers.of(objects, objects.vpcRanges(), byOwner);
        var place = edge();
        if (place.isPresent() && (!wanted.isEmpty() || place.get().process().runs())) {
            serve(place.get(), wanted);
        }
    }

    private List<String> vpcRanges() {
        return vpcs.list().stream()
                .flatMap(vpc -> vpc.getSpec().cidrs().stream())
                .sorted()
                .toList();
    }

    private List<IPAddress> mine() {
        return objects.addresses().stream()
                .filter(address ->
                        Addresses.ours(address) && Addresses.host(address).equals(hostName))
                .toList();
    }

    /// One load balancer that HAProxy does not understand must not stop the others, and what runs
    /// goes on until HAProxy takes what is next.
    private void serve(Edge place, List<LoadBalancer> wanted) throws IOException {
        var process = place.process();
        var usable = place.accepted().known(wanted);
        var configuration = HaproxyConfiguration.of(usable, process.folder());
        if (!process.has(configuration)) {
            place.network().ensure();
            if (process.complaint(configuration).isPresent()) {
                usable = place.accepted().search(usable);
                configuration = HaproxyConfiguration.of(usable, process.folder());
            }
            if (!process.has(configuration)) {
                place.network().serve(usable.stream().map(LoadBalancer::address).toList());
                process.load(configuration);
            }
        }
        place.accepted().loaded(usable);
        refused.tell(place.accepted().complaints());
        place.targets().apply(usable);
        if (!objects.gatedPods().isEmpty()) {
            health.report(
                    usable,
                    TargetTable.health(process.socket().ask("show stat")),
                    objects.gatedPods());
        }
    }

    /// Empty until the VPC's router is there. The first VPC is served, as by the rest of the agent.
    private Optional<Edge> edge() {
        if (edge == null) {
            for (var vpc : vpcs.list()) {
                var name = vpc.getMetadata().getName();
                var network = new EdgeNetwork(name, vpc.getSpec().cidrs().getFirst());
                if (network.possible()) {
                    var process =
                            new HaproxyProcess(
                                    runDirectory.resolve("lb").resolve(name),
                                    log,
                                    network.namespace());
                    edge =
                            new Edge(
                                    network,
                                    process,
                                    new TargetCommands(process.socket(), SteadyClock.ofProcess()),
                                    new AcceptedBalancers(process::complaint, process.folder()));
                    break;
                }
            }
        }
        return Optional.ofNullable(edge);
    }

    /// HAProxy runs on; the next agent finds it.
    @Override
    public void close() {
        loop.close();
    }
}
