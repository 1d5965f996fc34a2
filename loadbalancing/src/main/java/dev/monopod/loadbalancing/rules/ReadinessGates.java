package dev.monopod.loadbalancing.rules;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;

/// Which target groups a new pod will be in: with a readiness gate for each, a Deployment goes on
/// only when the load balancer sends to the new pod. Source: the AWS Load Balancer Controller's
/// "Pod readiness gate".
public final class ReadinessGates {
    /// On namespaces whose pods get the gates.
    public static final String NAMESPACE_LABEL = "elbv2.k8s.aws/pod-readiness-gate-inject";

    public static final String ENABLED = "enabled";

    private ReadinessGates() {}

    /// The types of the conditions to wait for.
    ///
    /// @param services all of the pod's namespace
    /// @param ingresses those of the pod's namespace that are of a class of ours
    /// @param groups of the cluster's classes
    public static SortedSet<String> of(
            List<Service> services,
            List<Ingress> ingresses,
            IngressGroups groups,
            Map<String, String> labels) {
        var gates = new TreeSet<String>();
        for (var service : services) {
            if (!selects(service, labels)) {
                continue;
            }
            if (NetworkLoadBalancers.serves(service)) {
                var owner = NetworkLoadBalancers.owner(service);
                service.getSpec()
                        .getPorts()
                        .forEach(port ->
                                gates.add(
                                        TargetGroups.gate(
                                                TargetGroups.name(owner, service, port))));
            }
            for (var ingress : ingresses) {
                if (ApplicationLoadBalancers.refusal(ingress).isEmpty()) {
                    groups.ownerOf(ingress)
                            .ifPresent(owner -> gates(service, owner, ingress, gates));
                }
            }
        }
        return gates;
    }

    private static void gates(
            Service service, Owner owner, Ingress ingress, SortedSet<String> gates) {
        for (var backend : backends(ingress)) {
            var wanted = backend.getService();
            if (wanted != null && wanted.getName().equals(service.getMetadata().getName())) {
                Endpoints.port(service, IngressRules.port(wanted.getPort()))
                        .ifPresent(port ->
                                gates.add(
                                        TargetGroups.gate(
                                                TargetGroups.name(owner, service, port))));
            }
        }
    }

    private static List<IngressBackend> backends(Ingress ingress) {
        List<IngressBackend> backends = new ArrayList<>();
        if (ingress.getSpec().getDefaultBackend() != null) {
            backends.add(ingress.getSpec().getDefaultBackend());
        }
        for (var rule : ingress.getSpec().getRules()) {
            if (rule.getHttp() != null) {
                rule.getHttp().getPaths().forEach(path -> backends.add(path.getBackend()));
            }
        }
        return backends;
    }

    private static boolean selects(Service service, Map<String, String> labels) {
        var selector = service.getSpec().getSelector();
        return selector != null
                && !selector.isEmpty()
                && selector.entrySet().stream()
                        .allMatch(
                                each -> Objects.equals(labels.get(each.getKey()), each.getValue()));
    }
}
