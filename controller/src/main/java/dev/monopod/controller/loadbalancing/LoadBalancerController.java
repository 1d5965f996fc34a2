package dev.monopod.controller.loadbalancing;

import dev.monopod.controller.ClusterView;
import dev.monopod.controller.ObjectProblems;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.Events;
import dev.monopod.kube.host.Addresses;
import dev.monopod.kube.host.HostAddresses;
import dev.monopod.kube.mapping.MachineAddresses;
import dev.monopod.loadbalancing.objects.LoadBalancerObjects;
import dev.monopod.loadbalancing.rules.ApplicationLoadBalancers;
import dev.monopod.loadbalancing.rules.Machines;
import dev.monopod.loadbalancing.rules.Owner;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.networking.v1.IngressClassBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Gives load balancers their addresses and tells users about them. At any change, and now and
/// then, one thread goes over all objects and writes what differs. On the leader only.
public final class LoadBalancerController implements AutoCloseable {
    private static final Duration QUIET = Duration.ofSeconds(30);
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final KubernetesClient client;
    private final ClusterView cluster;
    private final Supplier<Set<String>> lostHosts;
    private final WatchedKinds kinds;
    private final AskedCertificates source;
    private final LoadBalancerObjects objects;
    private final ObjectProblems problems;
    private final ServiceClaims services;
    private final IngressClaims ingresses;
    private final GatewayClaims gateways;
    private final Loop loop;

    /// `NAMESPACE/NAME` of what load balancers name.
    private volatile Set<String> certificates = Set.of();

    /// The host that is about to get an address, if a load balancer has none.
    private volatile Optional<String> next = Optional.empty();

    private volatile Runnable certificatesChanged = () -> {};

    // Of the loop's thread.
    private boolean started;
    private Map<String, Set<String>> told = Map.of();

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
        this.source = new AskedCertificates(kinds);
        this.objects =
                new LoadBalancerObjects(
                        source,
                        this::vpcRanges,
                        () -> new Machines(MachineAddresses.namespaces(cluster.machines())));
        this.problems = new ObjectProblems(events);
        this.services = new ServiceClaims(client, objects, problems);
        this.ingresses = new IngressClaims(client, objects, problems);
        this.gateways = new GatewayClaims(client, objects, clock);
    }

    /// Calls back when [#certificatesByHost] has changed, and goes on when that returns. To be
    /// called before [#start].
    public void onCertificates(Runnable action) {
        certificatesChanged = action;
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
        var attempts = new Attempts();
        List<Claim> claims = new ArrayList<>(services.all(attempts));
        claims.addAll(ingresses.all(attempts));
        claims.addAll(gateways.all(attempts));
        // The right to read a certificate comes before the address: who gets that reads at once.
        next =
                claims.stream().allMatch(claim -> book.has(claim.owner()))
                        ? Optional.empty()
                        : AddressBook.next(hosts());
        certificates = union(source.soFar(), certificates);
        tellCertificates();
        var owners = new HashSet<Owner>();
        for (var claim : claims) {
            owners.add(claim.owner());
            attempts.make(claim.owner(), () -> settle(claim, book));
        }
        attempts.make("addresses to give back", () -> book.retainOnly(owners));
        var asked = source.take();
        // What could not be looked at may name some of the others.
        if (!attempts.failed()) {
            certificates = asked;
        }
        tellCertificates();
        return attempts.failed() ? RETRY : QUIET;
    }

    private void tellCertificates() {
        var now = certificatesByHost();
        if (!now.equals(told)) {
            told = now;
            certificatesChanged.run();
        }
    }

    private static Set<String> union(Set<String> some, Set<String> others) {
        return Stream.concat(some.stream(), others.stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    /// By host, `NAMESPACE/NAME` of the Secrets with certificates that it needs: who serves some
    /// load balancer has those of all, since another's address may come to it at any time.
    public Map<String, Set<String>> certificatesByHost() {
        var named = certificates;
        var serving =
                objects.addresses().stream()
                        .filter(address ->
                                Addresses.ours(address)
                                        && !HostAddresses.isHosts(address)
                                        && !Addresses.host(address).isEmpty())
                        .map(Addresses::host);
        return Stream.concat(serving, next.stream())
                .distinct()
                .collect(Collectors.toMap(host -> host, _ -> named));
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

    private void settle(Claim claim, AddressBook book) {
        switch (book.of(claim.owner(), cluster.subnets(), hosts())) {
            case AddressBook.Given(var address) -> claim.tell().accept(address);
            case AddressBook.None(var why) ->
                    claim.objects().forEach(object -> problems.warning(object, "NoAddress", why));
        }
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
