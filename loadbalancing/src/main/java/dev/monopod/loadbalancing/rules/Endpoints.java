package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Target.State;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;

/// Which pods a Service's port leads to, by its EndpointSlices. Only addresses of pods count.
///
/// A pod that waits for nothing but the load balancer's own readiness gate is a target already, or
/// it would wait for ever.
final class Endpoints {
    static final String SERVICE_LABEL = "kubernetes.io/service-name";

    private Endpoints() {}

    /// The port of a Service by number or name; empty if there is none.
    static Optional<ServicePort> port(Service service, IntOrString port) {
        return service.getSpec().getPorts().stream()
                .filter(each ->
                        port.getStrVal() != null
                                ? port.getStrVal().equals(each.getName())
                                : Objects.equals(port.getIntVal(), each.getPort()))
                .findFirst();
    }

    /// @param pods finds the pods that have a readiness gate of ours
    static List<Target> of(
            ServicePort port,
            Collection<EndpointSlice> slices,
            BiFunction<String, String, Optional<Pod>> pods) {
        var name = Objects.requireNonNullElse(port.getName(), "");
        var targets = new TreeMap<String, Target>();
        for (var slice : slices) {
            // A slice without endpoints has no ports either.
            if (!"IPv4".equals(slice.getAddressType())
                    || slice.getPorts() == null
                    || slice.getEndpoints() == null) {
                continue;
            }
            var number =
                    slice.getPorts().stream()
                            .filter(each ->
                                    name.equals(Objects.requireNonNullElse(each.getName(), "")))
                            .map(each -> each.getPort())
                            .filter(Objects::nonNull)
                            .findFirst();
            if (number.isEmpty()) {
                continue;
            }
            for (var endpoint : slice.getEndpoints()) {
                state(slice, endpoint, pods)
                        .ifPresent(state -> {
                            var target =
                                    new Target(
                                            endpoint.getAddresses().getFirst(),
                                            number.get(),
                                            1,
                                            state);
                            targets.merge(
                                    target.name(),
                                    target,
                                    (one, other) -> one.state() == State.READY ? one : other);
                        });
            }
        }
        return List.copyOf(targets.values());
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
