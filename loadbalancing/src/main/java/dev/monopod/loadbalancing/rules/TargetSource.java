package dev.monopod.loadbalancing.rules;

import dev.monopod.loadbalancing.rules.Backend.Behaviour;
import io.fabric8.kubernetes.api.model.IntOrString;
import java.util.List;

/// The port of a Service that a back end's targets come from.
public record TargetSource(String namespace, String service, IntOrString port) {
    /// The back end with the targets of now: an address of then may be another tenant's.
    Backend refreshed(Backend before, Inventory inventory, Endpoints endpoints) {
        if (!(before.behaviour() instanceof Behaviour.Pool pool)) {
            return before;
        }
        var targets =
                inventory
                        .service(namespace, service)
                        .flatMap(found -> Endpoints.port(found, port))
                        .map(found -> endpoints.of(namespace, service, found).targets())
                        .orElse(List.of());
        return new Backend(before.name(), before.changes(), pool.with(targets));
    }
}
