package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.Backend.HttpVersion;
import dev.monopod.loadbalancing.rules.Backend.ProxyProtocol;
import dev.monopod.loadbalancing.rules.Backend.Transport;
import dev.monopod.loadbalancing.rules.Listener.Certificate;
import dev.monopod.loadbalancing.rules.Listener.Protocol;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

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

    private final Inventory inventory;
    private final List<String> vpcRanges;

    /// @param vpcRanges who reaches an internal load balancer
    public NetworkLoadBalancers(Inventory inventory, List<String> vpcRanges) {
        this.inventory = inventory;
        this.vpcRanges = List.copyOf(vpcRanges);
    }

    /// Why a Service of type LoadBalancer is not served; empty if it is, or is another's. Needs
    /// nothing but the Service, so that admission can ask.
    public static Optional<String> refusal(Service service) {
        var annotations = Annotations.of(service, PREFIX);
        var spec = service.getSpec();
        var type = annotations.word("type").orElse("");
        var target = annotations.word("nlb-target-type");
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
                && Annotations.of(service, PREFIX)
                        .word("nlb-target-type")
                        .filter(type -> !type.equals("ip"))
                        .isPresent();
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
    public Outcome<LoadBalancer> of(Service service, String address) {
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
            return new Outcome.Accepted<>(build(service, address));
        } catch (BadAnnotation malformed) {
            return new Outcome.Refused<>("InvalidConfiguration", malformed.told());
        }
    }

    private LoadBalancer build(Service service, String address) {
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
        var check = annotations.healthCheck(HealthCheck.CONNECTION, false);
        var owner = owner(service);
        List<Listener> listeners = new ArrayList<>();
        List<Backend> backends = new ArrayList<>();
        for (var port : service.getSpec().getPorts()) {
            var backend =
                    new Backend(
                            "port-" + port.getPort(),
                            List.of(),
                            new Behaviour.Pool(
                                    Endpoints.of(
                                            port,
                                            inventory.slices(owner.namespace(), owner.name()),
                                            inventory::gatedPod),
                                    check,
                                    Optional.of(TargetGroups.name(owner, service, port)),
                                    new Transport(proxy, HttpVersion.HTTP_1, Optional.empty()),
                                    drain));
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
        for (var name : annotations.list("ssl-cert")) {
            var namespace = service.getMetadata().getNamespace();
            certificates.add(
                    inventory
                            .certificate(namespace, name)
                            .map(pem -> new Certificate(namespace + "/" + name, pem, List.of()))
                            .orElseThrow(() ->
                                    new BadAnnotation(
                                            "annotation %sssl-cert: there is no Secret %s/%s of type kubernetes.io/tls"
                                                    .formatted(PREFIX, namespace, name))));
        }
        return certificates;
    }
}
