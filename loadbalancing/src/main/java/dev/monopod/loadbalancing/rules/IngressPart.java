package dev.monopod.loadbalancing.rules;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.monopod.loadbalancing.rules.Annotations.BadAnnotation;
import dev.monopod.loadbalancing.rules.Listener.Protocol;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// What one Ingress brings to the load balancer that it has a part in, all of it read.
///
/// @param order among the Ingresses of a group
/// @param redirect port that unencrypted requests are sent to
/// @param fallback name of the default back end; empty if it has none
/// @param problem what of it is not served, though the rest is
public record IngressPart(
        Owner owner,
        int order,
        Map<Integer, Protocol> ports,
        List<String> sources,
        Optional<Integer> redirect,
        List<Listener.Rule> rules,
        Map<String, Backend> backends,
        Map<String, TargetSource> targets,
        String fallback,
        List<Listener.Certificate> certificates,
        Optional<String> problem) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> PROTOCOLS = Set.of("HTTP", "HTTPS");
    private static final int LARGEST_PORT = 65_535;
    private static final String PREFIX = ApplicationLoadBalancers.PREFIX;

    /// @throws BadAnnotation when something of it can't be read
    static IngressPart read(
            Inventory inventory,
            Endpoints endpoints,
            List<String> vpcRanges,
            Owner owner,
            Ingress ingress) {
        var annotations = Annotations.of(ingress, PREFIX);
        var order = annotations.number("group.order", 0, -1000, 1000);
        var redirect =
                annotations.text("ssl-redirect").isPresent()
                        ? Optional.of(annotations.number("ssl-redirect", 443, 1, LARGEST_PORT))
                        : Optional.<Integer>empty();
        var sources =
                SourceRanges.of(
                        annotations.word("scheme").orElse("internal"),
                        annotations.list("inbound-cidrs"),
                        vpcRanges,
                        "annotation " + PREFIX + "inbound-cidrs");
        var ports = listenPorts(ingress, annotations);
        Bounds.hold(
                "annotation " + PREFIX + "listen-ports: ports",
                ports.size(),
                Bounds.MOST_LISTENERS);
        var rules = new IngressRules(inventory, endpoints, owner, ingress, annotations);
        return new IngressPart(
                owner,
                order,
                ports,
                sources,
                redirect,
                rules.rules(),
                rules.backends(),
                rules.sources(),
                rules.fallback(),
                rules.certificates(),
                rules.problem());
    }

    /// The same with the targets of now.
    IngressPart refreshed(Inventory inventory, Endpoints endpoints) {
        var fresh = new LinkedHashMap<String, Backend>();
        backends.forEach((name, backend) -> {
            var source = targets.get(name);
            fresh.put(
                    name,
                    source == null ? backend : source.refreshed(backend, inventory, endpoints));
        });
        return new IngressPart(
                owner,
                order,
                ports,
                sources,
                redirect,
                rules,
                fresh,
                targets,
                fallback,
                certificates,
                problem);
    }

    private static Map<Integer, Protocol> listenPorts(Ingress ingress, Annotations annotations) {
        var told = annotations.text("listen-ports");
        if (told.isEmpty()) {
            var tls = ingress.getSpec().getTls();
            var encrypted =
                    tls != null && !tls.isEmpty() || !annotations.list("certificate-arn").isEmpty();
            return encrypted ? Map.of(443, Protocol.HTTPS) : Map.of(80, Protocol.HTTP);
        }
        var ports = new TreeMap<Integer, Protocol>();
        for (var entry : array(told.get())) {
            if (entry.isEmpty() || !entry.isObject()) {
                throw badPorts(told.get());
            }
            for (var port : entry.properties()) {
                if (!PROTOCOLS.contains(port.getKey()) || !port.getValue().isIntegralNumber()) {
                    throw badPorts(told.get());
                }
                ports.put(
                        annotations.number(
                                "listen-ports", port.getValue().asText(), 1, LARGEST_PORT),
                        Protocol.valueOf(port.getKey()));
            }
        }
        return ports;
    }

    private static JsonNode array(String text) {
        try {
            var tree = JSON.readTree(text);
            if (tree.isArray() && !tree.isEmpty()) {
                return tree;
            }
        } catch (JsonProcessingException e) {
            throw badPorts(text);
        }
        throw badPorts(text);
    }

    private static BadAnnotation badPorts(String text) {
        return new BadAnnotation(
                "annotation %slisten-ports: \"%s\" is not [{\"HTTP\": 80}, {\"HTTPS\": 443}]"
                        .formatted(PREFIX, text));
    }
}
