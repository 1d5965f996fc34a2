package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.Backend.HttpVersion;
import dev.monopod.loadbalancing.rules.Backend.ProxyProtocol;
import dev.monopod.loadbalancing.rules.Backend.Transport;
import dev.monopod.loadbalancing.rules.Listener.Certificate;
import dev.monopod.loadbalancing.rules.Listener.Protocol;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Services of type LoadBalancer as Network Load Balancers with IP targets, by the annotations of
/// the AWS Load Balancer Controller. Source: rows F5 and F6.
public final class NetworkLoadBalancers {
    /// Value of `spec.loadBalancerClass`.
    public static final String CLASS = "service.k8s.aws/nlb";

    static final String PREFIX = "service.beta.kubernetes.io/aws-load-balancer-";
    private static final String REMEDY =
            "Fargate pods are reached by their own address only: set the annotations "
                    + PREFIX
                    + "type: external and "
                    + PREFIX
                    + "nlb-target-type: ip";
    private static final int DEFAULT_DRAIN_SECONDS = 300;

    /// Begins the name of a port's back end.
    private static final String PORT = "port-";

    private final Inventory inventory;
    private final List<String> vpcRanges;
    private final Endpoints endpoints;
    private final LastGood<LoadBalancer> lastGood;

    /// @param vpcRanges who reaches an internal load balancer
    /// @param lastGood what could be read before; learns what can be read now
    public NetworkLoadBalancers(
            Inventory inventory, List<String> vpcRanges, LastGood<LoadBalancer> lastGood) {
        this.inventory = inventory;
        this.vpcRanges = List.copyOf(vpcRanges);
        this.endpoints = new Endpoints(inventory);
        this.lastGood = lastGood;
    }

    /// @param balancer what is served: of now, or as it could be read last
    /// @param problem why not all of it is served as it stands
    public record Plan(Optional<LoadBalancer> balancer, Optional<String> problem) {}

    /// Why a Service of type LoadBalancer is not served; empty if it is, or is another's. Needs
    /// nothing but the Service, so that admission can ask.
    public static Optional<String> refusal(Service service) {
        var annotations = Annotations.of(service, PREFIX);
        var spec = service.getSpec();
        var type = annotations.kind("type");
        var target = Optional.of(annotations.kind("nlb-target-type")).filter(t -> !t.isEmpty());
        if (!isLoadBalancer(service) || isForeign(service)) {
            return Optional.empty();
        }
        if (target.isPresent() && !target.get().equals("ip")) {
            return Optional.of(
                    "annotation %snlb-target-type: %s is not supported. %s"
                            .formatted(PREFIX, target.get(), REMEDY));
        }
        if (CLASS.equals(spec.getLoadBalancerClass()) || type.equals("nlb-ip")) {
            return protocolRefusal(service);
        }
        if (type.equals("external")) {
            return target.isPresent()
                    ? protocolRefusal(service)
                    : Optional.of(
                            "annotation %snlb-target-type is missing, which means instance. %s"
                                    .formatted(PREFIX, REMEDY));
        }
        return Optional.of(
                type.isEmpty()
                        ? "without annotations EKS would make a load balancer with instance targets. "
                                + REMEDY
                        : "annotation %stype: %s means instance targets. %s"
                                .formatted(PREFIX, type, REMEDY));
    }

    /// Whether it is refused for a target type that it names.
    public static boolean asksForInstances(Service service) {
        return isLoadBalancer(service)
                && !isForeign(service)
                && !Set.of("", "ip")
                        .contains(Annotations.of(service, PREFIX).kind("nlb-target-type"));
    }

    /// Whether it is a load balancer of ours that can be served.
    static boolean serves(Service service) {
        return isLoadBalancer(service) && !isForeign(service) && refusal(service).isEmpty();
    }

    private static Optional<String> protocolRefusal(Service service) {
        return service.getSpec().getPorts().stream()
                .filter(port ->
                        !"TCP".equals(Objects.requireNonNullElse(port.getProtocol(), "TCP")))
                .findFirst()
                .map(port ->
                        "spec.ports: port %d has protocol %s; only TCP is supported"
                                .formatted(port.getPort(), port.getProtocol()));
    }

    private static boolean isLoadBalancer(Service service) {
        return "LoadBalancer".equals(service.getSpec().getType());
    }

    private static boolean isForeign(Service service) {
        var name = service.getSpec().getLoadBalancerClass();
        return name != null && !name.equals(CLASS);
    }

    public static Owner owner(Service service) {
        return new Owner(
                Owner.Kind.SERVICE,
                service.getMetadata().getNamespace(),
                service.getMetadata().getName());
    }

    /// The load balancer that a Service asks for.
    ///
    /// @param address empty while it has none
    public Outcome<Plan> of(Service service, String address) {
        if (!isLoadBalancer(service)
                || isForeign(service)
                || service.getMetadata().getDeletionTimestamp() != null) {
            return new Outcome.Foreign<>();
        }
        var refusal = refusal(service);
        if (refusal.isPresent()) {
            return new Outcome.Refused<>("UnsupportedTargetType", refusal.get());
        }
        try {
            var problems = new ArrayList<String>();
            var balancer = build(service, address, problems);
            lastGood.learn(service, balancer);
            return new Outcome.Accepted<>(
                    new Plan(Optional.of(balancer), problems.stream().findFirst()));
        } catch (RuntimeException | StackOverflowError malformed) {
            var before = lastGood.of(service).map(known -> refreshed(known, service, address));
            return new Outcome.Accepted<>(
                    new Plan(before, Optional.of(LastGood.told(malformed, before))));
        }
    }

    /// Call after a round over all Services.
    ///
    /// @param all those that there are
    public void retainOnly(Collection<Service> all) {
        lastGood.retainOnly(all.stream().map(LastGood::key).collect(Collectors.toSet()));
    }

    private LoadBalancer refreshed(LoadBalancer before, Service service, String address) {
        var meta = service.getMetadata();
        return new LoadBalancer(
                before.owner(),
                address,
                before.listeners(),
                before.backends().stream()
                        .map(backend ->
                                new TargetSource(
                                                meta.getNamespace(),
                                                meta.getName(),
                                                new IntOrString(
                                                        Integer.valueOf(
                                                                backend.name()
                                                                        .substring(PORT.length()))))
                                        .refreshed(backend, inventory, endpoints))
                        .toList());
    }

    private LoadBalancer build(Service service, String address, List<String> problems) {
        Bounds.hold(
                "spec.ports: ports", service.getSpec().getPorts().size(), Bounds.MOST_LISTENERS);
        var annotations = Annotations.of(service, PREFIX);
        var certificates = certificates(service, annotations);
        var encrypted = annotations.list("ssl-ports");
        var sources = sources(service, annotations);
        var attributes = annotations.pairs("target-group-attributes");
        var drain =
                annotations.number(
                        "target-group-attributes",
                        attributes.getOrDefault(
                                "deregistration_delay.timeout_seconds",
                                Integer.toString(DEFAULT_DRAIN_SECONDS)),
                        0,
                        3600);
        var proxy =
                annotations.text("proxy-protocol").filter("*"::equals).isPresent()
                                || "true".equals(attributes.get("proxy_protocol_v2.enabled"))
                        ? ProxyProtocol.VERSION_2
                        : ProxyProtocol.NONE;
        var stickiness = Stickiness.ofConnections(annotations);
        var check = annotations.healthCheck(HealthCheck.CONNECTION, false);
        var owner = owner(service);
        List<Listener> listeners = new ArrayList<>();
        List<Backend> backends = new ArrayList<>();
        for (var port : service.getSpec().getPorts()) {
            var found = endpoints.of(owner.namespace(), owner.name(), port);
            found.problem().ifPresent(problems::add);
            var backend =
                    new Backend(
                            PORT + port.getPort(),
                            List.of(),
                            new Behaviour.Pool(
                                    found.targets(),
                                    check,
                                    Optional.of(TargetGroups.name(owner, service, port)),
                                    new Transport(proxy, HttpVersion.HTTP_1, Optional.empty()),
                                    drain,
                                    stickiness));
            var terminated = !certificates.isEmpty() && matches(encrypted, port);
            backends.add(backend);
            listeners.add(
                    new Listener(
                            port.getPort(),
                            terminated ? Protocol.TLS : Protocol.TCP,
                            sources,
                            terminated ? certificates : List.of(),
                            List.of(),
                            backend.name()));
        }
        return new LoadBalancer(owner, address, listeners, backends);
    }

    /// Without `ssl-ports` every port is encrypted, as the AWS Load Balancer Controller does it.
    private static boolean matches(List<String> ports, ServicePort port) {
        return ports.isEmpty()
                || ports.contains("*")
                || ports.contains(Integer.toString(port.getPort()))
                || port.getName() != null && ports.contains(port.getName());
    }

    private List<String> sources(Service service, Annotations annotations) {
        var asked = service.getSpec().getLoadBalancerSourceRanges();
        if (asked == null || asked.isEmpty()) {
            asked =
                    Annotations.of(service, "service.beta.kubernetes.io/")
                            .list("load-balancer-source-ranges");
        }
        return SourceRanges.of(
                annotations.word("scheme").orElse("internal"),
                asked,
                vpcRanges,
                "spec.loadBalancerSourceRanges");
    }

    private List<Certificate> certificates(Service service, Annotations annotations) {
        List<Certificate> certificates = new ArrayList<>();
        var names = annotations.list("ssl-cert");
        Bounds.hold(
                "annotation " + PREFIX + "ssl-cert: certificates",
                names.size(),
                Bounds.MOST_CERTIFICATES);
        for (var name : names) {
            var found =
                    SecretCertificates.find(
                            inventory,
                            service.getMetadata().getNamespace(),
                            name,
                            "annotation " + PREFIX + "ssl-cert");
            certificates.add(
                    found.certificate().orElseThrow(() -> new BadAnnotation(found.problem())));
        }
        return certificates;
    }
}
