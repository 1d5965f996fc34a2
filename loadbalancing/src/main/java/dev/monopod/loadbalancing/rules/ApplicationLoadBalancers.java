package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Listener.Protocol;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressClass;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
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

    private final Inventory inventory;
    private final List<String> vpcRanges;
    private final IngressGroups groups;
    private final Endpoints endpoints;
    private final LastGood<IngressPart> lastGood;

    /// @param vpcRanges who reaches an internal load balancer
    /// @param lastGood what could be read before; learns what can be read now
    public ApplicationLoadBalancers(
            Inventory inventory, List<String> vpcRanges, LastGood<IngressPart> lastGood) {
        this.inventory = inventory;
        this.vpcRanges = List.copyOf(vpcRanges);
        this.groups = IngressGroups.of(inventory);
        this.endpoints = new Endpoints(inventory);
        this.lastGood = lastGood;
    }

    /// A load balancer, and what of its Ingresses could not be done.
    ///
    /// @param problems messages by `NAMESPACE/NAME`
    public record Plan(LoadBalancer balancer, Map<String, String> problems) {
        public Plan {
            problems = Map.copyOf(problems);
        }
    }

    /// An Ingress of ours.
    ///
    /// @param part what is served of it: of now, or as it could be read last; empty if it never
    ///   could
    /// @param problem why not all of it is served as it stands
    public record Member(Ingress ingress, Optional<IngressPart> part, Optional<String> problem) {
        private int order() {
            return part.map(IngressPart::order).orElse(0);
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
        var annotation = ingress.getMetadata().getAnnotations();
        return classOf(ingress, classes).isPresent()
                || ingress.getSpec().getIngressClassName() == null
                        && annotation != null
                        && CLASS.equals(annotation.get(CLASS_ANNOTATION));
    }

    /// The class of ours that it is of; empty where it is of none, or names ours by annotation.
    static Optional<IngressClass> classOf(Ingress ingress, List<IngressClass> classes) {
        var name = ingress.getSpec().getIngressClassName();
        var ours = classes.stream().filter(ApplicationLoadBalancers::ours);
        if (name != null) {
            return ours.filter(each -> each.getMetadata().getName().equals(name)).findFirst();
        }
        var annotations = ingress.getMetadata().getAnnotations();
        return annotations != null && annotations.containsKey(CLASS_ANNOTATION)
                ? Optional.empty()
                : ours.filter(each ->
                                each.getMetadata().getAnnotations() != null
                                        && "true"
                                                .equals(
                                                        each.getMetadata()
                                                                .getAnnotations()
                                                                .get(DEFAULT_CLASS)))
                        .findFirst();
    }

    private static boolean ours(IngressClass ingressClass) {
        return CONTROLLER.equals(ingressClass.getSpec().getController());
    }

    /// Why an Ingress of ours is not served; empty if it is.
    public static Optional<String> refusal(Ingress ingress) {
        var remedy =
                "Fargate pods are reached by their own address only: set the annotation "
                        + PREFIX
                        + "target-type: ip";
        return switch (targetType(ingress)) {
            case "" ->
                    Optional.of(
                            "annotation %starget-type is missing, which means instance. %s"
                                    .formatted(PREFIX, remedy));
            case "ip" -> Optional.empty();
            case String other ->
                    Optional.of(
                            "annotation %starget-type: %s is not supported. %s"
                                    .formatted(PREFIX, Readable.text(other), remedy));
        };
    }

    /// Whether it is refused for a target type that it names.
    public static boolean asksForInstances(Ingress ingress) {
        return !Set.of("", "ip").contains(targetType(ingress));
    }

    private static String targetType(Ingress ingress) {
        return Annotations.of(ingress, PREFIX).kind("target-type");
    }

    /// All Ingresses of ours.
    ///
    /// @param byOwner those that are served, in the order in which their rules count
    /// @param leftOut those that may not be where they want to be
    public record Groups(Map<Owner, List<Member>> byOwner, List<Member> leftOut) {}

    /// Reads them, each for itself.
    public Groups groups() {
        var all = new TreeMap<Owner, List<Member>>();
        var leftOut = new ArrayList<Member>();
        var known = new HashSet<String>();
        inventory.ingresses().stream()
                .sorted(Comparator.comparing(IngressRules::key))
                .filter(ingress -> ingress.getMetadata().getDeletionTimestamp() == null)
                .filter(ingress -> ours(ingress) && refusal(ingress).isEmpty())
                .forEach(ingress -> {
                    known.add(LastGood.key(ingress));
                    var wanted = groups.ownerOf(ingress);
                    var member = member(ingress, wanted);
                    member.part()
                            .map(IngressPart::owner)
                            .or(() -> wanted)
                            .ifPresentOrElse(
                                    owner ->
                                            all.computeIfAbsent(owner, _ -> new ArrayList<>())
                                                    .add(member),
                                    () -> leftOut.add(member));
                });
        lastGood.retainOnly(known);
        all.values().forEach(members -> members.sort(Comparator.comparingInt(Member::order)));
        return new Groups(all, leftOut);
    }

    /// What was read before counts only where it was: nobody stays in a group of others that they
    /// may be in no longer.
    private Member member(Ingress ingress, Optional<Owner> wanted) {
        try {
            var part =
                    IngressPart.read(
                            inventory, endpoints, vpcRanges, groups.owner(ingress), ingress);
            lastGood.learn(ingress, part);
            return new Member(ingress, Optional.of(part), part.problem());
        } catch (RuntimeException | StackOverflowError malformed) {
            var before =
                    lastGood.of(ingress)
                            .filter(part ->
                                    wanted.map(part.owner()::equals)
                                            .orElse(!part.owner().namespace().isEmpty()))
                            .map(part -> part.refreshed(inventory, endpoints));
            return new Member(ingress, before, Optional.of(LastGood.told(malformed, before)));
        }
    }

    /// The load balancer of one group.
    ///
    /// @param address empty while it has none
    public Plan of(Owner owner, List<Member> members, String address) {
        var problems = new TreeMap<String, String>();
        var ports = new TreeMap<Integer, PortPlan>();
        var backends = new LinkedHashMap<String, Backend>();
        var redirect = Optional.<Integer>empty();
        var rules = 0;
        for (var member : members) {
            var key = IngressRules.key(member.ingress());
            member.problem().ifPresent(problem -> problems.put(key, problem));
            if (member.part().isEmpty()) {
                continue;
            }
            var part = member.part().get();
            var conflict = conflict(part, rules, ports);
            if (conflict.isPresent()) {
                problems.put(key, conflict.get());
                continue;
            }
            rules += part.rules().size();
            add(part, ports);
            redirect = part.redirect().isPresent() ? part.redirect() : redirect;
            backends.putAll(part.backends());
        }
        tellOfPortsWithoutCertificate(members, ports, redirect, problems);
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

        private boolean served() {
            return !protocol.encrypted() || !certificates.isEmpty();
        }
    }

    /// Why a part can't join those before it; these stay as they are.
    private static Optional<String> conflict(
            IngressPart part, int rules, Map<Integer, PortPlan> ports) {
        if (rules + part.rules().size() > Bounds.MOST_RULES) {
            return Optional.of(
                    "the Ingresses of the group have %d rules with this one, the limit is %d"
                            .formatted(rules + part.rules().size(), Bounds.MOST_RULES));
        }
        var joined = new TreeSet<>(ports.keySet());
        joined.addAll(part.ports().keySet());
        if (joined.size() > Bounds.MOST_LISTENERS) {
            return Optional.of(
                    "the Ingresses of the group have %d ports with this one, the limit is %d"
                            .formatted(joined.size(), Bounds.MOST_LISTENERS));
        }
        for (var port : part.ports().entrySet()) {
            var taken = ports.get(port.getKey());
            if (taken != null && taken.protocol != port.getValue()) {
                return Optional.of(
                        "annotation %slisten-ports: port %d is %s in another Ingress of the group"
                                .formatted(PREFIX, port.getKey(), taken.protocol));
            }
        }
        return Optional.empty();
    }

    private static void add(IngressPart part, Map<Integer, PortPlan> ports) {
        part.ports()
                .forEach((port, protocol) -> {
                    var plan =
                            ports.computeIfAbsent(
                                    port, _ -> new PortPlan(protocol, part.sources()));
                    if (protocol.encrypted()) {
                        plan.certificates.addAll(part.certificates());
                    }
                    plan.rules.addAll(part.rules());
                    if (plan.fallback.isEmpty()) {
                        plan.fallback = part.fallback();
                    }
                });
    }

    private static void tellOfPortsWithoutCertificate(
            List<Member> members,
            Map<Integer, PortPlan> ports,
            Optional<Integer> redirect,
            Map<String, String> problems) {
        for (var member : members) {
            var without =
                    member.part().stream()
                            .flatMap(part -> part.ports().keySet().stream())
                            .filter(port -> ports.containsKey(port) && !ports.get(port).served())
                            .sorted()
                            .map(String::valueOf)
                            .collect(Collectors.joining(", "));
            if (!without.isEmpty()) {
                problems.merge(
                        IngressRules.key(member.ingress()),
                        "port %s (HTTPS) is not served, it has no certificate: name a Secret of type"
                                        .formatted(without)
                                + " kubernetes.io/tls in spec.tls",
                        (before, more) -> before + "; " + more);
            }
            if (redirect.isPresent()
                    && member.part().flatMap(IngressPart::redirect).isPresent()
                    && !redirects(redirect.get(), ports)) {
                problems.merge(
                        IngressRules.key(member.ingress()),
                        "annotation %sssl-redirect: nothing is at port %d, so the other ports answer 503"
                                .formatted(PREFIX, redirect.get()),
                        (before, more) -> before + "; " + more);
            }
        }
    }

    /// What unencrypted requests get that are to be sent to another port: only what has a
    /// certificate can be there, and in plain text nothing of it is served.
    private static Backend toTls(int port, Map<Integer, PortPlan> ports) {
        return new Backend(
                "to-tls",
                List.of(),
                redirects(port, ports)
                        ? new Backend.Behaviour.Redirect(
                                301, "https", "", port == 443 ? "" : Integer.toString(port))
                        : new Backend.Behaviour.Answer(503));
    }

    private static boolean redirects(int port, Map<Integer, PortPlan> ports) {
        var there = ports.get(port);
        return there != null && there.protocol.encrypted() && there.served();
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
        redirect.map(port -> toTls(port, ports)).ifPresent(to -> all.put(to.name(), to));
        List<Listener> listeners = new ArrayList<>();
        ports.forEach((port, plan) -> {
            var sent = redirect.isPresent() && !plan.protocol.encrypted();
            if (plan.served()) {
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
