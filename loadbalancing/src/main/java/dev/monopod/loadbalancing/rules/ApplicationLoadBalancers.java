package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import dev.monopod.loadbalancing.rules.Listener.Protocol;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressClass;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Ingresses of class `alb` as Application Load Balancers with IP targets, by the annotations of
/// the AWS Load Balancer Controller. Ingresses of one group share a load balancer. Source: row F5.
public final class ApplicationLoadBalancers {
    /// Of the IngressClasses that are ours.
    public static final String CONTROLLER = "ingress.k8s.aws/alb";

    static final String PREFIX = "alb.ingress.kubernetes.io/";
    private static final String CLASS = "alb";
    private static final String CLASS_ANNOTATION = "kubernetes.io/ingress.class";
    private static final String DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class";
    private static final Pattern PORT =
            Pattern.compile("\\{\\s*\"(HTTP|HTTPS)\"\\s*:\\s*(\\d{1,5})\\s*\\}");
    private static final Pattern PORTS =
            Pattern.compile("\\[\\s*" + PORT + "(\\s*,\\s*" + PORT + ")*\\s*\\]");
    private static final int LARGEST_PORT = 65535;

    private final Inventory inventory;
    private final List<String> vpcRanges;

    /// @param vpcRanges who reaches an internal load balancer
    public ApplicationLoadBalancers(Inventory inventory, List<String> vpcRanges) {
        this.inventory = inventory;
        this.vpcRanges = List.copyOf(vpcRanges);
    }

    /// A load balancer, and what of its Ingresses could not be done.
    ///
    /// @param problems messages by `NAMESPACE/NAME`
    public record Plan(LoadBalancer balancer, Map<String, String> problems) {
        public Plan {
            problems = Map.copyOf(problems);
        }
    }

    /// Whether the Ingress is of a class of ours.
    public boolean ours(Ingress ingress) {
        return ours(ingress, inventory.ingressClasses());
    }

    /// Whether the Ingress is of a class of ours.
    ///
    /// @param classes all of the cluster
    public static boolean ours(Ingress ingress, List<IngressClass> classes) {
        var name = ingress.getSpec().getIngressClassName();
        if (name != null) {
            return classes.stream()
                    .filter(each -> each.getMetadata().getName().equals(name))
                    .anyMatch(ApplicationLoadBalancers::ours);
        }
        var annotation = Annotations.of(ingress, "").text(CLASS_ANNOTATION);
        return annotation.isPresent()
                ? annotation.get().equals(CLASS)
                : classes.stream()
                        .filter(ApplicationLoadBalancers::ours)
                        .anyMatch(each ->
                                Annotations.of(each, "")
                                        .text(DEFAULT_CLASS)
                                        .equals(Optional.of("true")));
    }

    private static boolean ours(IngressClass ingressClass) {
        return CONTROLLER.equals(ingressClass.getSpec().getController());
    }

    /// Why an Ingress of ours is not served; empty if it is.
    public static Optional<String> refusal(Ingress ingress) {
        var target = Annotations.of(ingress, PREFIX).word("target-type");
        var remedy =
                "Fargate pods are reached by their own address only: set the annotation "
                        + PREFIX
                        + "target-type: ip";
        if (target.isEmpty()) {
            return Optional.of(
                    "annotation %starget-type is missing, which means instance. %s"
                            .formatted(PREFIX, remedy));
        }
        return target.get().equals("ip")
                ? Optional.empty()
                : Optional.of(
                        "annotation %starget-type: %s is not supported. %s"
                                .formatted(PREFIX, target.get(), remedy));
    }

    /// Whether it is refused for a target type that it names.
    public static boolean asksForInstances(Ingress ingress) {
        return Annotations.of(ingress, PREFIX)
                .word("target-type")
                .filter(type -> !type.equals("ip"))
                .isPresent();
    }

    public static Owner owner(Ingress ingress) {
        var meta = ingress.getMetadata();
        return Annotations.of(ingress, PREFIX)
                .text("group.name")
                .map(group -> new Owner(Owner.Kind.INGRESS_GROUP, "", group))
                .orElseGet(
                        () -> new Owner(Owner.Kind.INGRESS, meta.getNamespace(), meta.getName()));
    }

    /// Ingresses of ours that are served, by load balancer, in the order in which their rules
    /// count.
    public Map<Owner, List<Ingress>> groups() {
        return inventory.ingresses().stream()
                .filter(this::ours)
                .filter(ingress -> ingress.getMetadata().getDeletionTimestamp() == null)
                .filter(ingress -> refusal(ingress).isEmpty())
                .sorted(
                        Comparator.comparingInt(ApplicationLoadBalancers::order)
                                .thenComparing(IngressRules::key))
                .collect(
                        Collectors.groupingBy(
                                ApplicationLoadBalancers::owner,
                                TreeMap::new,
                                Collectors.toList()));
    }

    private static int order(Ingress ingress) {
        try {
            return Annotations.of(ingress, PREFIX).number("group.order", 0, -1000, 1000);
        } catch (BadAnnotation toldWhenItIsBuilt) {
            return 0;
        }
    }

    /// The load balancer of one group.
    ///
    /// @param address empty while it has none
    public Plan of(Owner owner, List<Ingress> members, String address) {
        var problems = new TreeMap<String, String>();
        var ports = new TreeMap<Integer, PortPlan>();
        var backends = new LinkedHashMap<String, Backend>();
        var redirect = Optional.<Integer>empty();
        for (var ingress : members) {
            try {
                var annotations = Annotations.of(ingress, PREFIX);
                annotations.number("group.order", 0, -1000, 1000);
                var asked = annotations.text("ssl-redirect");
                if (asked.isPresent()) {
                    redirect =
                            Optional.of(annotations.number("ssl-redirect", 443, 1, LARGEST_PORT));
                }
                var rules = new IngressRules(inventory, owner, ingress, annotations);
                add(ingress, annotations, rules, ports);
                rules.problem()
                        .ifPresent(problem -> problems.put(IngressRules.key(ingress), problem));
                backends.putAll(rules.backends());
            } catch (BadAnnotation malformed) {
                problems.put(IngressRules.key(ingress), malformed.told());
            }
        }
        return new Plan(build(owner, address, ports, backends, redirect), problems);
    }

    private static final class PortPlan {
        private final Protocol protocol;
        private final List<String> sources;
        private final List<Listener.Certificate> certificates = new ArrayList<>();
        private final List<Listener.Rule> rules = new ArrayList<>();
        private String fallback = "";

        private PortPlan(Protocol protocol, List<String> sources) {
            this.protocol = protocol;
            this.sources = sources;
        }
    }

    private void add(
            Ingress ingress,
            Annotations annotations,
            IngressRules rules,
            Map<Integer, PortPlan> ports) {
        var sources =
                SourceRanges.of(
                        annotations.word("scheme").orElse("internal"),
                        annotations.list("inbound-cidrs"),
                        vpcRanges,
                        "annotation " + PREFIX + "inbound-cidrs");
        for (var port : listenPorts(ingress, annotations).entrySet()) {
            var plan =
                    ports.computeIfAbsent(
                            port.getKey(), each -> new PortPlan(port.getValue(), sources));
            if (plan.protocol != port.getValue()) {
                throw new BadAnnotation(
                        "annotation %slisten-ports: port %d is %s in another Ingress of the group"
                                .formatted(PREFIX, port.getKey(), plan.protocol));
            }
            if (port.getValue().encrypted()) {
                plan.certificates.addAll(rules.certificates());
            }
            plan.rules.addAll(rules.rules());
            if (plan.fallback.isEmpty()) {
                plan.fallback = rules.fallback();
            }
        }
    }

    private static Map<Integer, Protocol> listenPorts(Ingress ingress, Annotations annotations) {
        var told = annotations.text("listen-ports");
        if (told.isEmpty()) {
            var tls = ingress.getSpec().getTls();
            return tls == null || tls.isEmpty()
                    ? Map.of(80, Protocol.HTTP)
                    : Map.of(443, Protocol.HTTPS);
        }
        if (!PORTS.matcher(told.get()).matches()) {
            throw new BadAnnotation(
                    "annotation %slisten-ports: \"%s\" is not [{\"HTTP\": 80}, {\"HTTPS\": 443}]"
                            .formatted(PREFIX, told.get()));
        }
        var ports = new TreeMap<Integer, Protocol>();
        var matcher = PORT.matcher(told.get());
        while (matcher.find()) {
            ports.put(
                    annotations.number("listen-ports", matcher.group(2), 1, LARGEST_PORT),
                    Protocol.valueOf(matcher.group(1)));
        }
        return ports;
    }

    private static LoadBalancer build(
            Owner owner,
            String address,
            Map<Integer, PortPlan> ports,
            Map<String, Backend> backends,
            Optional<Integer> redirect) {
        var all = new LinkedHashMap<>(backends);
        var nothing = new Backend("none", List.of(), new Backend.Behaviour.Answer(404));
        all.put(nothing.name(), nothing);
        redirect.ifPresent(port ->
                all.put(
                        "to-tls",
                        new Backend(
                                "to-tls",
                                List.of(),
                                new Backend.Behaviour.Redirect(
                                        301, "https", "", port == 443 ? "" : port.toString()))));
        List<Listener> listeners = new ArrayList<>();
        ports.forEach((port, plan) -> {
            var sent = redirect.isPresent() && !plan.protocol.encrypted();
            if (!plan.protocol.encrypted() || !plan.certificates.isEmpty()) {
                listeners.add(
                        new Listener(
                                port,
                                plan.protocol,
                                plan.sources,
                                plan.certificates.stream().distinct().toList(),
                                sent ? List.of() : plan.rules,
                                sent
                                        ? "to-tls"
                                        : plan.fallback.isEmpty()
                                                ? nothing.name()
                                                : plan.fallback));
            }
        });
        return new LoadBalancer(owner, address, listeners, List.copyOf(all.values()));
    }
}
