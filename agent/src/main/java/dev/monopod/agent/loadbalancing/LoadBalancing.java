package dev.monopod.agent.loadbalancing;

import dev.monopod.host.network.EdgeNetwork;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.client.Watches;
import dev.monopod.kube.host.Addresses;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.loadbalancing.haproxy.HaproxyConfiguration;
import dev.monopod.loadbalancing.haproxy.TargetTable;
import dev.monopod.loadbalancing.objects.AddressOwners;
import dev.monopod.loadbalancing.objects.LoadBalancerObjects;
import dev.monopod.loadbalancing.rules.LoadBalancer;
import dev.monopod.loadbalancing.rules.LoadBalancers;
import dev.monopod.loadbalancing.rules.Owner;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Serves the load balancers whose address is on this host: keeps HAProxy running with what the
/// API's objects say, whatever was killed when. One thread does it all, at any change and once a
/// second.
public final class LoadBalancing implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LoadBalancing.class);
    private static final Duration TICK = Duration.ofSeconds(1);
    private static final Duration RETRY = Duration.ofSeconds(5);

    /// In what HAProxy says of a configuration; else something else hindered it.
    private static final String REFUSAL = "[ALERT]";

    private final Watched<Vpc> vpcs;
    private final WatchedKinds kinds;
    private final LoadBalancerObjects objects;
    private final String hostName;
    private final Path runDirectory;
    private final Path log;
    private final TargetHealth health;
    private final Map<Owner, String> refused = new HashMap<>();
    private final Loop loop;
    private boolean started;
    private @Nullable Edge edge;

    /// The namespace and the process of the one VPC that is served.
    private record Edge(EdgeNetwork network, HaproxyProcess process, TargetCommands targets) {}

    /// @param runDirectory emptied by a reboot, as the process is
    /// @param logDirectory where HAProxy's words go
    public LoadBalancing(
            KubernetesClient client,
            Watches watches,
            String hostName,
            Path runDirectory,
            Path logDirectory,
            Loops loops) {
        this.loop =
                loops.loop("load-balancing", Pace.every(TICK).withRetries(TICK, RETRY), this::pass);
        this.vpcs = watches.of(Vpc.class);
        vpcs.onChange(ChangeHandler.any(loop::nudge));
        this.kinds = new WatchedKinds(watches, loop::nudge);
        this.objects = new LoadBalancerObjects(kinds, this::vpcRanges);
        this.hostName = hostName;
        this.runDirectory = runDirectory;
        this.log = logDirectory.resolve("haproxy.log");
        this.health = new TargetHealth(client, Clock.systemUTC());
    }

    public void start() {
        loop.start();
    }

    private void pass() throws IOException {
        if (!started) {
            kinds.start();
            vpcs.start().join();
            started = true;
        }
        var balancers =
                LoadBalancers.of(objects, objects.vpcRanges(), AddressOwners.byOwner(mine()));
        var place = edge();
        if (place.isPresent() && (!balancers.isEmpty() || place.get().process().runs())) {
            serve(place.get(), balancers);
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

    private void serve(Edge place, List<LoadBalancer> balancers) throws IOException {
        var process = place.process();
        var usable = balancers.stream().filter(each -> !refused(process, each)).toList();
        var configuration = HaproxyConfiguration.of(usable, process.folder());
        if (!process.has(configuration)) {
            place.network().ensure();
            if (process.complaint(configuration).isPresent()) {
                usable = usable(process, balancers);
                configuration = HaproxyConfiguration.of(usable, process.folder());
            }
            if (!process.has(configuration)) {
                place.network().serve(usable.stream().map(LoadBalancer::address).toList());
                process.load(configuration);
            }
        }
        place.targets().apply(usable);
        if (!objects.gatedPods().isEmpty()) {
            health.report(
                    usable,
                    TargetTable.health(process.socket().ask("show stat")),
                    objects.gatedPods());
        }
    }

    /// One load balancer that HAProxy does not understand must not stop the others.
    private List<LoadBalancer> usable(HaproxyProcess process, List<LoadBalancer> balancers)
            throws IOException {
        refused.clear();
        List<LoadBalancer> usable = new ArrayList<>();
        for (var balancer : balancers) {
            var alone = HaproxyConfiguration.of(List.of(balancer), process.folder());
            var complaint = process.complaint(alone);
            if (complaint.isPresent()) {
                if (complaint.get().contains(REFUSAL)) {
                    refused.put(balancer.owner(), alone.structure());
                }
                LOG.error("HAProxy refuses {}: {}", balancer.owner(), complaint.get());
            } else {
                usable.add(balancer);
            }
        }
        return usable;
    }

    /// Whether HAProxy has refused it as it is; then it need not be asked each second.
    private boolean refused(HaproxyProcess process, LoadBalancer balancer) {
        var structure = refused.get(balancer.owner());
        return structure != null
                && structure.equals(
                        HaproxyConfiguration.of(List.of(balancer), process.folder()).structure());
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
                                    new TargetCommands(process.socket(), Clock.systemUTC()));
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
