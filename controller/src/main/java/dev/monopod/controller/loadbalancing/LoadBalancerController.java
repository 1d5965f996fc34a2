package dev.monopod.controller.loadbalancing;

import dev.monopod.controller.ClusterView;
import dev.monopod.controller.ObjectProblems;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.Events;
import dev.monopod.loadbalancing.objects.LoadBalancerObjects;
import dev.monopod.loadbalancing.rules.ApplicationLoadBalancers;
import dev.monopod.loadbalancing.rules.Owner;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.networking.v1.IngressClassBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Gives load balancers their addresses and tells users about them. At any change, and now and
/// then, one thread goes over all objects and writes what differs. On the leader only.
public final class LoadBalancerController implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LoadBalancerController.class);
    private static final Duration QUIET = Duration.ofSeconds(30);
    private static final Duration RETRY = Duration.ofSeconds(1);

    /// What became of a claim, or of all.
    private enum Settled {
        YES,
        NOT_YET
    }

    private final KubernetesClient client;
    private final ClusterView cluster;
    private final Supplier<Set<String>> lostHosts;
    private final WatchedKinds kinds;
    private final LoadBalancerObjects objects;
    private final ObjectProblems problems;
    private final ServiceClaims services;
    private final IngressClaims ingresses;
    private final GatewayClaims gateways;
    private final Loop loop;

    // Of the loop's thread.
    private boolean started;

    /// @param lostHosts those that serve nothing any more
    public LoadBalancerController(
            KubernetesClient client,
            ClusterView cluster,
            Supplier<Set<String>> lostHosts,
            Events events,
            Loops loops,
            Clock clock) {
        this.client = client;
        this.lostHosts = lostHosts;
        this.cluster = cluster;
        this.loop =
                loops.planned(
                        "load-balancers", Pace.every(QUIET).withRetries(RETRY, RETRY), this::pass);
        this.kinds = new WatchedKinds(cluster.watches(), loop::nudge);
        this.objects = new LoadBalancerObjects(kinds, this::vpcRanges);
        this.problems = new ObjectProblems(events);
        this.services = new ServiceClaims(client, objects, problems);
        this.ingresses = new IngressClaims(client, objects, problems);
        this.gateways = new GatewayClaims(client, objects, clock);
    }

    /// Returns at once.
    public void start() {
        cluster.onPlacementChange(loop::nudge);
        loop.start();
    }

    private Duration pass() {
        if (!started) {
            kinds.start();
            started = true;
        }
        installClasses();
        var book = new AddressBook(client, objects.addresses());
        List<Claim> claims = new ArrayList<>(services.all());
        claims.addAll(ingresses.all());
        claims.addAll(gateways.all());
        var owners = new HashSet<Owner>();
        var all = Settled.YES;
        for (var claim : claims) {
            owners.add(claim.owner());
            if (settle(claim, book) == Settled.NOT_YET) {
                all = Settled.NOT_YET;
            }
        }
        book.retainOnly(owners);
        return switch (all) {
            case YES -> QUIET;
            case NOT_YET -> RETRY;
        };
    }

    private List<String> vpcRanges() {
        return cluster.vpcs().stream()
                .flatMap(vpc -> vpc.getSpec().cidrs().stream())
                .sorted()
                .toList();
    }

    /// Those that are not lost; all, if all are, since then none is better.
    private List<Host> hosts() {
        var lost = lostHosts.get();
        var there =
                cluster.hosts().stream()
                        .filter(host -> !lost.contains(host.getMetadata().getName()))
                        .toList();
        return there.isEmpty() ? cluster.hosts() : there;
    }

    /// One that fails does not hold up the others.
    private Settled settle(Claim claim, AddressBook book) {
        try {
            var address = book.of(claim.owner(), cluster.subnets(), hosts());
            if (address.isPresent()) {
                claim.tell().accept(address.get());
            } else {
                claim.objects()
                        .forEach(object ->
                                problems.warning(
                                        object,
                                        "NoAddress",
                                        "no public subnet (a route 0.0.0.0/0 to igw) has a free"
                                                + " address, or there is no host"));
            }
        } catch (KubernetesClientException e) {
            LOG.info("failed to settle {}, retrying: {}", claim.owner(), e.getMessage());
            return Settled.NOT_YET;
        }
        return Settled.YES;
    }

    private void installClasses() {
        if (objects.gateways().classes().isEmpty()) {
            new GatewayDefinitions(client).installClass();
        }
        if (objects.ingressClasses().stream()
                .noneMatch(each -> each.getMetadata().getName().equals("alb"))) {
            var made =
                    new IngressClassBuilder()
                            .withNewMetadata()
                            .withName("alb")
                            .withLabels(Names.LABELS)
                            .endMetadata()
                            .withNewSpec()
                            .withController(ApplicationLoadBalancers.CONTROLLER)
                            .endSpec()
                            .build();
            var unused = ApiCall.ignoring(ApiCode.CONFLICT, () -> client.resource(made).create());
        }
    }

    @Override
    public void close() {
        loop.close();
    }
}
