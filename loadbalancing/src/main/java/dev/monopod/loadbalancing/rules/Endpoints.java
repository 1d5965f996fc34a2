package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Target.State;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;

/// Which pods a Service's port leads to, by its EndpointSlices. Only machines of pods of the
/// Service's namespace count.
///
/// A pod that waits for nothing but the load balancer's own readiness gate is a target already, or
/// it would wait for ever.
final class Endpoints {
    static final String SERVICE_LABEL = "kubernetes.io/service-name";
    private static final int LARGEST_PORT = 65_535;

    private final Inventory inventory;
    private final Machines machines;

    /// The machines as they are now.
    Endpoints(Inventory inventory) {
        this.inventory = inventory;
        this.machines = inventory.machines();
    }

    /// @param problem what is left out, and why; the rest is served
    record Found(List<Target> targets, Optional<String> problem) {
        Found {
            targets = List.copyOf(targets);
        }
    }

    /// The port of a Service by number or name; empty if there is none.
    static Optional<ServicePort> port(Service service, IntOrString port) {
        return service.getSpec().getPorts().stream()
                .filter(each ->
                        port.getStrVal() != null
                                ? port.getStrVal().equals(each.getName())
                                : Objects.equals(port.getIntVal(), each.getPort()))
                .findFirst();
    }

    Found of(String namespace, String service, ServicePort port) {
        var name = Objects.requireNonNullElse(port.getName(), "");
        var targets = new TreeMap<String, Target>();
        Optional<String> problem = Optional.empty();
        for (var slice : inventory.slices(namespace, service)) {
            var number = number(slice, name);
            if (number.isEmpty() || slice.getEndpoints() == null) {
                continue;
            }
            for (var endpoint : slice.getEndpoints()) {
                var state = state(slice, endpoint, inventory::gatedPod);
                if (state.isEmpty() || endpoint.getAddresses().isEmpty()) {
                    continue;
                }
                var address = endpoint.getAddresses().getFirst();
                var refusal = machines.refusal(namespace, address);
                if (refusal.isPresent()) {
                    if (problem.isEmpty()) {
                        problem =
                                Optional.of(
                                        "EndpointSlice %s/%s: %s; it gets no requests"
                                                .formatted(
                                                        namespace,
                                                        slice.getMetadata().getName(),
                                                        refusal.get()));
                    }
                    continue;
                }
                var target = new Target(address, number.get(), 1, state.get());
                targets.merge(
                        target.name(),
                        target,
                        (one, other) -> one.state() == State.READY ? one : other);
            }
        }
        if (targets.size() > Bounds.MOST_TARGETS) {
            problem =
                    Optional.of(
                            "Service %s/%s has %d targets, the limit is %d; the others get no requests"
                                    .formatted(
                                            namespace,
                                            service,
                                            targets.size(),
                                            Bounds.MOST_TARGETS));
        }
        return new Found(targets.values().stream().limit(Bounds.MOST_TARGETS).toList(), problem);
    }

    /// A slice without endpoints has no ports either.
    private static Optional<Integer> number(EndpointSlice slice, String name) {
        if (!"IPv4".equals(slice.getAddressType()) || slice.getPorts() == null) {
            return Optional.empty();
        }
        return slice.getPorts().stream()
                .filter(each -> name.equals(Objects.requireNonNullElse(each.getName(), "")))
                .map(each -> each.getPort())
                .filter(Objects::nonNull)
                .filter(number -> number > 0 && number <= LARGEST_PORT)
                .findFirst();
    }

    private static Optional<State> state(
            EndpointSlice slice,
            Endpoint endpoint,
            BiFunction<String, String, Optional<Pod>> pods) {
        var reference = endpoint.getTargetRef();
        if (reference == null || !"Pod".equals(reference.getKind())) {
            return Optional.empty();
        }
        var conditions = endpoint.getConditions();
        if (conditions == null || !Boolean.FALSE.equals(conditions.getReady())) {
            return Optional.of(State.READY);
        }
        if (Boolean.TRUE.equals(conditions.getTerminating())) {
            // Not serving any more is no reason to cut what is under way.
            return Optional.of(State.DRAINING);
        }
        return pods.apply(slice.getMetadata().getNamespace(), reference.getName())
                .filter(Endpoints::waitsOnlyForUs)
                .map(pod -> State.READY);
    }

    private static boolean waitsOnlyForUs(Pod pod) {
        return pod.getStatus() != null
                && pod.getStatus().getConditions().stream()
                        .filter(condition -> condition.getType().equals("ContainersReady"))
                        .map(PodCondition::getStatus)
                        .anyMatch("True"::equals);
    }
}
