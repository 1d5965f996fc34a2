package dev.monopod.controller.loadbalancing;

import dev.monopod.controller.ClusterView;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.Events;
import dev.monopod.loadbalancing.objects.LoadBalancerObjects;
import dev.monopod.loadbalancing.rules.ApplicationLoadBalancers;
import dev.monopod.loadbalancing.rules.Owner;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.networking.v1.IngressClassBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Gives load balancers their addresses and tells users about them. At any change, and now and
/// then, one thread goes over all objects and writes what differs. On the leader only.
public final class LoadBalancerController implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LoadBalancerController.class);
    private static final long QUIET_SECONDS = 30;

    private final KubernetesClient client;
    private final ClusterView cluster;
    private final Supplier<Set<String>> lostHosts;
    private final WatchedKinds kinds;
    private final LoadBalancerObjects objects;
    private final ObjectProblems problems;
    private final ServiceClaims services;
    private final IngressClaims ingresses;
    private final GatewayClaims gateways;
    private final Semaphore changes = new Semaphore(1);
    private final Thread thread;

    /// @param lostHosts those that serve nothing any more
    public LoadBalancerController(
            KubernetesClient client,
            ClusterView cluster,
            Supplier<Set<String>> lostHosts,
            Events events,
            Clock clock) {
        this.client = client;
        this.lostHosts = lostHosts;
        this.cluster = cluster;
        this.kinds = new WatchedKinds(cluster.watches(), changes::release);
        this.objects = new LoadBalancerObjects(kinds, this::vpcRanges);
        this.problems = new ObjectProblems(events);
        this.services = new ServiceClaims(client, objects, problems);
        this.ingresses = new IngressClaims(client, objects, problems);
        this.gateways = new GatewayClaims(client, objects, clock);
        this.thread = Thread.ofVirtual().name("load-balancers").unstarted(this::run);
    }

    /// Returns at once.
    public void start() {
        cluster.onPlacementChange(changes::release);
        thread.start();
    }

    private void run() {
        try {
            kinds.start();
            while (!Thread.currentThread().isInterrupted()) {
                if (changes.tryAcquire(QUIET_SECONDS, TimeUnit.SECONDS)) {
                    changes.drainPermits();
                }
                pass();
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void pass() {
        try {
            installClasses();
            var book = new AddressBook(client, objects.addresses());
            List<Claim> claims = new ArrayList<>(services.all());
            claims.addAll(ingresses.all());
            claims.addAll(gateways.all());
            var owners = new HashSet<Owner>();
            for (var claim : claims) {
                owners.add(claim.owner());
                settle(claim, book);
            }
            book.retainOnly(owners);
        } catch (RuntimeException e) {
            LOG.warn("load balancers are not all settled, trying again: {}", e.toString());
            retry();
        }
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
    private void settle(Claim claim, AddressBook book) {
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
            LOG.info("{} is not settled, trying again: {}", claim.owner(), e.getMessage());
            retry();
        }
    }

    private void retry() {
        Thread.ofVirtual()
                .name("load-balancers-retry")
                .start(() -> {
                    try {
                        TimeUnit.SECONDS.sleep(1);
                        changes.release();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
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
        thread.interrupt();
    }
}
