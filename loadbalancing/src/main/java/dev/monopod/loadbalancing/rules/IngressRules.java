package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.Backend.Transport;
import dev.monopod.loadbalancing.rules.HttpChange.AddHeader;
import dev.monopod.loadbalancing.rules.HttpChange.Direction;
import dev.monopod.loadbalancing.rules.Listener.Certificate;
import dev.monopod.loadbalancing.rules.Listener.Rule;
import dev.monopod.model.names.Digest;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressBackend;
import io.fabric8.kubernetes.api.model.networking.v1.IngressRule;
import io.fabric8.kubernetes.api.model.networking.v1.IngressTLS;
import io.fabric8.kubernetes.api.model.networking.v1.ServiceBackendPort;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// What one Ingress adds to its load balancer.
final class IngressRules {
    private static final int DEFAULT_DRAIN_SECONDS = 300;
    private static final int UNAVAILABLE = 503;

    /// Names the Service that a client got of those that share its requests, as an ALB's does.
    private static final String GROUP_COOKIE = "AWSALBTG";

    /// An event takes 1 024 bytes.
    private static final int MOST_TOLD = 900;

    private final Inventory inventory;
    private final Endpoints endpoints;
    private final Owner owner;
    private final Ingress ingress;
    private final Annotations annotations;
    private final Map<String, Backend> backends = new LinkedHashMap<>();
    private final Map<String, TargetSource> sources = new LinkedHashMap<>();
    private final List<Certificate> certificates = new ArrayList<>();
    private final List<Rule> rules;
    private final String fallback;
    private final Optional<String> closed;
    private final Set<String> problems = new LinkedHashSet<>();

    /// @throws BadAnnotation when something of it can't be read
    IngressRules(
            Inventory inventory,
            Endpoints endpoints,
            Owner owner,
            Ingress ingress,
            Annotations annotations) {
        this.inventory = inventory;
        this.endpoints = endpoints;
        this.owner = owner;
        this.ingress = ingress;
        this.annotations = annotations;
        this.closed = UnservedAnnotations.closing(annotations);
        closed.ifPresent(problems::add);
        this.rules = readRules();
        var other = ingress.getSpec().getDefaultBackend();
        this.fallback = other == null ? "" : fallback(other);
        readCertificates();
        UnservedAnnotations.told(annotations).ifPresent(problems::add);
    }

    static String key(Ingress ingress) {
        return ingress.getMetadata().getNamespace() + "/" + ingress.getMetadata().getName();
    }

    Map<String, Backend> backends() {
        return backends;
    }

    /// Where the targets of the back ends come from, by the names of these.
    Map<String, TargetSource> sources() {
        return sources;
    }

    List<Certificate> certificates() {
        return certificates;
    }

    List<Rule> rules() {
        return rules;
    }

    /// Name of the default back end; empty if it has none.
    String fallback() {
        return fallback;
    }

    /// What of it is not served, though the rest is.
    Optional<String> problem() {
        var all = String.join("; ", problems);
        return all.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        all.length() <= MOST_TOLD ? all : all.substring(0, MOST_TOLD) + "...");
    }

    private List<Rule> readRules() {
        List<IngressLine> lines = new ArrayList<>();
        for (var rule :
                Objects.requireNonNullElse(ingress.getSpec().getRules(), List.<IngressRule>of())) {
            if (rule.getHttp() != null) {
                var host = Objects.requireNonNullElse(rule.getHost(), "");
                rule.getHttp()
                        .getPaths()
                        .forEach(path ->
                                lines.add(new IngressLine(host.toLowerCase(Locale.ROOT), path)));
            }
        }
        Bounds.hold("spec.rules: paths", lines.size(), Bounds.MOST_RULES);
        var all =
                lines.stream()
                        .sorted(IngressLine.ORDER)
                        .flatMap(line -> rules(line).stream())
                        .toList();
        Bounds.hold("spec.rules: paths and their weighed Services", all.size(), Bounds.MOST_RULES);
        return all;
    }

    /// One rule, or one for each Service that an action shares the requests among.
    private List<Rule> rules(IngressLine line) {
        var wanted = line.backend();
        List<RequestMatch> matches;
        try {
            matches = line.matches(conditions(wanted));
        } catch (BadAnnotation unserved) {
            problems.add(unserved.told() + ": the rules that name it answer 503");
            return List.of(new Rule(line.matches(IngressConditions.NONE), closedBackend()));
        }
        if (closed.isPresent()) {
            return List.of(new Rule(matches, closedBackend()));
        }
        return namesAction(wanted) && action(wanted) instanceof IngressAction.Forward forward
                ? shared(matches, forward)
                : List.of(new Rule(matches, backend(wanted)));
    }

    /// A rule for each Service, after one for each that clients are to come back to.
    private List<Rule> shared(List<RequestMatch> matches, IngressAction.Forward forward) {
        var weighty = forward.groups().stream().filter(group -> group.weight() > 0).toList();
        var total = weighty.stream().mapToLong(IngressAction.Group::weight).sum();
        long sum = 0;
        List<Rule> kept = new ArrayList<>();
        List<Rule> shares = new ArrayList<>();
        for (var group : weighty) {
            sum += group.weight();
            var backend =
                    forward.sticks()
                            .map(lasts -> stickyPool(group, lasts))
                            .orElseGet(() -> pool(group.service(), group.port()));
            if (forward.sticks().isPresent()) {
                kept.add(
                        new Rule(
                                and(
                                        matches,
                                        List.of(
                                                new RequestMatch.Cookie(
                                                        GROUP_COOKIE, Digest.of(backend)))),
                                backend));
            }
            shares.add(new Rule(and(matches, RequestMatch.Chance.upTo(sum, total)), backend));
        }
        kept.addAll(shares);
        return kept;
    }

    private static List<RequestMatch> and(List<RequestMatch> some, List<RequestMatch> others) {
        var all = new ArrayList<>(some);
        all.addAll(others);
        return all;
    }

    /// All that no rule takes goes there, so conditions would restrict nothing.
    private String fallback(IngressBackend wanted) {
        var service = wanted.getService();
        if (service != null && annotations.text("conditions." + service.getName()).isPresent()) {
            problems.add(
                    "annotation %s: a default back end has no conditions, so it answers 503"
                            .formatted(conditionsName(service.getName())));
            return closedBackend();
        }
        return backend(wanted);
    }

    private static String conditionsName(String service) {
        return ApplicationLoadBalancers.PREFIX + "conditions." + Readable.text(service);
    }

    /// What an annotation asks of requests for this back end, beside host and path.
    private IngressConditions conditions(IngressBackend wanted) {
        var service = wanted.getService();
        return service == null
                ? IngressConditions.NONE
                : annotations
                        .text("conditions." + service.getName())
                        .map(json ->
                                IngressConditions.parse(conditionsName(service.getName()), json))
                        .orElse(IngressConditions.NONE);
    }

    /// It answers in the place of what must not be reached: without a rule, another one might serve
    /// the requests.
    private String closedBackend() {
        var backend = new Backend("closed", List.of(), new Behaviour.Answer(UNAVAILABLE));
        backends.put(backend.name(), backend);
        return backend.name();
    }

    private String backend(IngressBackend wanted) {
        if (closed.isPresent()) {
            return closedBackend();
        }
        var service = wanted.getService();
        if (service == null) {
            throw new BadAnnotation("spec: a backend is no Service; only Services are supported");
        }
        if (!namesAction(wanted)) {
            return pool(service.getName(), port(service.getPort()));
        }
        return switch (action(wanted)) {
            case IngressAction.Forward(var groups, _) -> {
                var weighty = groups.stream().filter(group -> group.weight() > 0).toList();
                if (weighty.size() > 1) {
                    throw new BadAnnotation(
                            "spec.defaultBackend: annotation %s shares requests among Services; name"
                                            .formatted(actionName(wanted))
                                    + " it in a rule with path /");
                }
                yield pool(weighty.getFirst().service(), weighty.getFirst().port());
            }
            case IngressAction.Reply(var changes, var behaviour) -> {
                var name = "a-" + Digest.of(key(ingress) + "|" + actionName(wanted));
                backends.put(name, new Backend(name, changes, behaviour));
                yield name;
            }
        };
    }

    private static boolean namesAction(IngressBackend wanted) {
        return wanted.getService() != null
                && "use-annotation".equals(wanted.getService().getPort().getName());
    }

    private static String actionName(IngressBackend wanted) {
        return ApplicationLoadBalancers.PREFIX + "actions." + wanted.getService().getName();
    }

    private IngressAction action(IngressBackend wanted) {
        var name = actionName(wanted);
        var json =
                annotations
                        .text("actions." + wanted.getService().getName())
                        .orElseThrow(() -> new BadAnnotation("annotation " + name + " is missing"));
        return IngressAction.parse(name, json);
    }

    /// Name of the back end for a Service's port.
    private String pool(String service, IntOrString port) {
        var name = poolName(service, port);
        if (!backends.containsKey(name)) {
            backends.put(name, pool(name, service, port));
        }
        return name;
    }

    /// Name of a back end of its own for the same, which tells its clients to come back to it.
    private String stickyPool(IngressAction.Group group, Duration lasts) {
        var name = poolName(group.service(), group.port()) + "-k" + lasts.toSeconds();
        if (!backends.containsKey(name)) {
            var pool = pool(name, group.service(), group.port());
            var cookie =
                    "%s=%s; Max-Age=%d; Path=/"
                            .formatted(GROUP_COOKIE, Digest.of(name), lasts.toSeconds());
            var tells =
                    List.<HttpChange>of(new AddHeader(Direction.RESPONSE, "Set-Cookie", cookie));
            backends.put(
                    name,
                    pool.behaviour() instanceof Behaviour.Pool
                            ? new Backend(name, tells, pool.behaviour())
                            : pool);
        }
        return name;
    }

    private String poolName(String service, IntOrString port) {
        var namespace = ingress.getMetadata().getNamespace();
        return "s-"
                + ReadableName.of(
                        namespace, service, namespace + "/" + service + ":" + portText(port));
    }

    static IntOrString port(ServiceBackendPort port) {
        return port.getName() != null
                ? new IntOrString(port.getName())
                : new IntOrString(port.getNumber());
    }

    private Backend pool(String name, String serviceName, IntOrString wantedPort) {
        var namespace = ingress.getMetadata().getNamespace();
        var service = inventory.service(namespace, serviceName);
        var port = service.flatMap(found -> Endpoints.port(found, wantedPort));
        if (service.isEmpty() || port.isEmpty()) {
            problems.add(
                    service.isEmpty()
                            ? "there is no Service " + namespace + "/" + serviceName
                            : "Service %s/%s has no port %s"
                                    .formatted(namespace, serviceName, portText(wantedPort)));
            return new Backend(name, List.of(), new Behaviour.Answer(UNAVAILABLE));
        }
        // Annotations of the Service count before those of the Ingress.
        var merged = new HashMap<>(annotations.all());
        merged.putAll(Annotations.of(service.get(), annotations.prefix()).all());
        var settings = new Annotations(annotations.prefix(), merged);
        var shut = UnservedAnnotations.closingService(settings, namespace + "/" + serviceName);
        if (shut.isPresent()) {
            problems.add(shut.get());
            return new Backend(name, List.of(), new Behaviour.Answer(UNAVAILABLE));
        }
        var drain =
                settings.number(
                        "target-group-attributes",
                        settings.pairs("target-group-attributes")
                                .getOrDefault(
                                        "deregistration_delay.timeout_seconds",
                                        Integer.toString(DEFAULT_DRAIN_SECONDS)),
                        0,
                        3600);
        var source = new TargetSource(namespace, serviceName, wantedPort);
        sources.put(name, source);
        var found = endpoints.of(namespace, serviceName, port.get());
        found.problem().ifPresent(problems::add);
        return new Backend(
                name,
                List.of(),
                new Behaviour.Pool(
                        found.targets(),
                        settings.healthCheck(HealthCheck.REQUEST, true),
                        Optional.of(TargetGroups.name(owner, service.get(), port.get())),
                        Transport.PLAIN,
                        drain,
                        Stickiness.ofRequests(settings)));
    }

    private static String portText(IntOrString port) {
        return port.getStrVal() != null ? port.getStrVal() : String.valueOf(port.getIntVal());
    }

    private void readCertificates() {
        var field = "annotation " + annotations.prefix() + "certificate-arn";
        var arns = annotations.list("certificate-arn");
        var all = Objects.requireNonNullElse(ingress.getSpec().getTls(), List.<IngressTLS>of());
        Bounds.hold(
                "spec.tls and " + field + ": entries",
                arns.size() + all.size(),
                Bounds.MOST_CERTIFICATES);
        arns.forEach(arn -> readCertificate(arn, field));
        all.forEach(tls ->
                readCertificate(Objects.requireNonNullElse(tls.getSecretName(), ""), "spec.tls"));
    }

    private void readCertificate(String name, String field) {
        var namespace = ingress.getMetadata().getNamespace();
        var found = SecretCertificates.find(inventory, namespace, name, field);
        found.certificate().ifPresentOrElse(certificates::add, () -> problems.add(found.problem()));
    }
}
