package dev.monopod.controller.access;

import dev.monopod.controller.access.Grant.Place;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.model.names.Names;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What each host may do, by the Machines that stand on it and the load balancers that it serves.
/// Pure.
final class Grants {
    static final String LEASES = "kube-node-lease";

    private Grants() {}

    /// A host that was revoked is given nothing, whatever stands on it.
    ///
    /// @param served by host, `NAMESPACE/NAME` of the certificates of load balancers that it serves
    /// @param needs of the pod of a Machine; null if it is not known any more
    static Map<Place, Grant> of(
            Collection<Machine> machines,
            Collection<Host> hosts,
            Map<String, Set<String>> served,
            Function<Machine, @Nullable PodNeeds> needs) {
        var revoked =
                hosts.stream()
                        .filter(Grants::isRevoked)
                        .map(host -> host.getMetadata().getName())
                        .collect(Collectors.toSet());
        Map<Place, Grant> grants = new HashMap<>();
        for (var machine : machines) {
            var spec = machine.getSpec();
            if (revoked.contains(spec.host())) {
                continue;
            }
            of(grants, LEASES, spec.host()).nodes().add(spec.nodeName());
            @Nullable PodNeeds known = needs.apply(machine);
            if (known != null) {
                of(grants, spec.pod().namespace(), spec.host()).add(known);
            }
        }
        served.forEach((host, certificates) -> {
            for (var certificate : revoked.contains(host) ? Set.<String>of() : certificates) {
                var parts = certificate.split("/", 2);
                of(grants, parts[0], host).secrets().add(parts[1]);
            }
        });
        return grants;
    }

    private static Grant of(Map<Place, Grant> grants, String namespace, String host) {
        return grants.computeIfAbsent(new Place(namespace, host), _ -> new Grant());
    }

    private static boolean isRevoked(Host host) {
        return Objects.requireNonNullElse(
                        host.getMetadata().getAnnotations(), Map.<String, String>of())
                .containsKey(Names.REVOKED_ANNOTATION);
    }
}
