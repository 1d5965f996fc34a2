package dev.monopod.loadbalancing.rules;

import java.util.List;

/// One load balancer as it should be.
///
/// @param address its own, in a public subnet; targets see it as the source
public record LoadBalancer(
        Owner owner, String address, List<Listener> listeners, List<Backend> backends) {
    public LoadBalancer {
        listeners = List.copyOf(listeners);
        backends = List.copyOf(backends);
    }
}
