package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import dev.monopod.loadbalancing.rules.Backend.Transport;
import dev.monopod.loadbalancing.rules.Listener.Certificate;
import dev.monopod.loadbalancing.rules.Listener.Rule;
import dev.monopod.loadbalancing.rules.RequestMatch.Depth;
import dev.monopod.model.names.Digest;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.networking.v1.HTTPIngressPath;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressBackend;
import io.fabric8.kubernetes.api.model.networking.v1.IngressRule;
import io.fabric8.kubernetes.api.model.networking.v1.IngressTLS;
import io.fabric8.kubernetes.api.model.networking.v1.ServiceBackendPort;
import java.util.ArrayList;
import java.util.Comparator;
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

    /// As ALBs take them; more would cost every request, also those of others.
    private static final int LONGEST_PATH = 1_024;

    private static final int MOST_WILDCARDS = 5;

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
        this.fallback = other == null ? "" : backend(other);
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

    private record Line(String host, HTTPIngressPath path) {
        /// Exact names before wildcards before none; exact paths before prefixes, longest first.
        private static final Comparator<Line> ORDER =
                Comparator.comparingInt(Line::hostRank)
                        .thenComparingInt(Line::pathRank)
                        .thenComparingInt(Line::length);

        private int hostRank() {
            return host.isEmpty() ? 2 : host.startsWith("*.") ? 1 : 0;
        }

        private int pathRank() {
            return switch (path.getPathType()) {
                case "Exact" -> 0;
                case "Prefix" -> 1;
                default -> 2;
            };
        }

        private int length() {
            return path.getPathType().equals("Prefix") ? -text().length() : 0;
        }

        private String text() {
            return Objects.requireNonNullElse(path.getPath(), "/");
        }
    }

    private List<Rule> readRules() {
        List<Line> lines = new ArrayList<>();
        for (var rule :
                Objects.requireNonNullElse(ingress.getSpec().getRules(), List.<IngressRule>of())) {
            if (rule.getHttp() != null) {
                var host = Objects.requireNonNullElse(rule.getHost(), "");
                rule.getHttp()
                        .getPaths()
                        .forEach(path -> lines.add(new Line(host.toLowerCase(Locale.ROOT), path)));
            }
        }
        Bounds.hold("spec.rules: paths", lines.size(), Bounds.MOST_RULES);
        var all =
                lines.stream()
                        .sorted(Line.ORDER)
                        .flatMap(line -> rules(matches(line), line.path().getBackend()).stream())
                        .toList();
        Bounds.hold("spec.rules: paths and their weighed Services", all.size(), Bounds.MOST_RULES);
        return all;
    }

    private static List<RequestMatch> matches(Line line) {
        Bounds.hold("spec.rules.host: characters", line.host().length(), Bounds.LONGEST_TEXT);
        Bounds.hold("spec.rules.http.paths.path: characters", line.text().length(), LONGEST_PATH);
        List<RequestMatch> matches = new ArrayList<>();
        if (line.host().startsWith("*.")) {
            matches.add(new RequestMatch.HostBelow(line.host().substring(1), Depth.ONE_LABEL));
        } else if (!line.host().isEmpty()) {
            matches.add(new RequestMatch.Host(line.host()));
        }
        matches.add(
                switch (line.path().getPathType()) {
                    case "Exact" -> new RequestMatch.PathExact(line.text());
                    case "Prefix" -> new RequestMatch.PathPrefix(line.text());
                    default -> pattern(line.text());
                });
        return matches;
    }

    /// A path pattern of an ALB: `*` is any text, `?` any character.
    private static RequestMatch pattern(String text) {
        if (!text.contains("*") && !text.contains("?")) {
            return new RequestMatch.PathExact(text);
        }
        Bounds.hold(
                "spec.rules.http.paths.path: wildcards of \"%s\"".formatted(Readable.text(text)),
                (int) text.chars().filter(sign -> sign == '*').count(),
                MOST_WILDCARDS);
        var expression = new StringBuilder("^");
        text.chars()
                .forEach(sign -> {
                    switch (sign) {
                        case '*' -> expression.append(".*");
                        case '?' -> expression.append('.');
                        default -> {
                            if (!Character.isLetterOrDigit(sign)
                                    && sign != '/'
                                    && sign != '-'
                                    && sign != '_') {
                                expression.append('\\');
                            }
                            expression.append((char) sign);
                        }
                    }
                });
        return new RequestMatch.PathExpression(expression + "$");
    }

    /// One rule, or one for each Service that an action shares the requests among.
    private List<Rule> rules(List<RequestMatch> matches, IngressBackend wanted) {
        if (closed(wanted)) {
            return List.of(new Rule(matches, closedBackend()));
        }
        if (!namesAction(wanted)
                || !(action(wanted) instanceof IngressAction.Forward(var groups))) {
            return List.of(new Rule(matches, backend(wanted)));
        }
        var total = groups.stream().mapToLong(IngressAction.Group::weight).sum();
        long sum = 0;
        List<Rule> rules = new ArrayList<>();
        for (var group : groups) {
            if (group.weight() > 0) {
                sum += group.weight();
                var all = new ArrayList<>(matches);
                all.addAll(RequestMatch.Chance.upTo(sum, total));
                rules.add(new Rule(all, pool(group.service(), group.port())));
            }
        }
        return rules;
    }

    /// Whether requests for it must not get through, which the user is told.
    private boolean closed(IngressBackend wanted) {
        var service = wanted.getService();
        var why =
                closed.or(() ->
                        service == null
                                ? Optional.empty()
                                : UnservedAnnotations.closing(annotations, service.getName()));
        why.ifPresent(problems::add);
        return why.isPresent();
    }

    /// It answers in the place of what must not be reached: without a rule, another one might serve
    /// the requests.
    private String closedBackend() {
        var backend = new Backend("closed", List.of(), new Behaviour.Answer(UNAVAILABLE));
        backends.put(backend.name(), backend);
        return backend.name();
    }

    private String backend(IngressBackend wanted) {
        if (closed(wanted)) {
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
            case IngressAction.Forward(var groups) -> {
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
        var namespace = ingress.getMetadata().getNamespace();
        var name =
                "s-"
                        + ReadableName.of(
                                namespace,
                                service,
                                namespace + "/" + service + ":" + portText(port));
        if (!backends.containsKey(name)) {
            backends.put(name, pool(name, service, port));
        }
        return name;
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
                        drain));
    }

    private static String portText(IntOrString port) {
        return port.getStrVal() != null ? port.getStrVal() : String.valueOf(port.getIntVal());
    }

    private void readCertificates() {
        if (annotations.text("certificate-arn").isPresent()) {
            problems.add(
                    "annotation %scertificate-arn is not supported, since nobody here holds AWS' keys: name"
                                    .formatted(annotations.prefix())
                            + " a Secret of type kubernetes.io/tls in spec.tls");
        }
        var namespace = ingress.getMetadata().getNamespace();
        var all = Objects.requireNonNullElse(ingress.getSpec().getTls(), List.<IngressTLS>of());
        Bounds.hold("spec.tls: entries", all.size(), Bounds.MOST_CERTIFICATES);
        for (var tls : all) {
            var name = Objects.requireNonNullElse(tls.getSecretName(), "");
            var certificate =
                    inventory
                            .certificate(namespace, name)
                            .map(pem -> new Certificate(namespace + "/" + name, pem, List.of()));
            if (certificate.isPresent()) {
                certificates.add(certificate.get());
            } else {
                problems.add(
                        "spec.tls: there is no Secret %s/%s of type kubernetes.io/tls with a readable certificate"
                                .formatted(namespace, name));
            }
        }
    }
}
