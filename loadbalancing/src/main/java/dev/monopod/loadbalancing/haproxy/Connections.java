package dev.monopod.loadbalancing.haproxy;

import dev.monopod.loadbalancing.rules.LoadBalancer;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/// How many connections each listener may hold. A namespace gets an equal share of all that the
/// process holds, so the flood on one fills its own and no other's; its listeners share that
/// equally. What comes beyond it waits outside until others end.
final class Connections {
    /// Of the whole process.
    static final int ALL = 16_384;

    /// Namespaces that shares are kept for, so that the first does not get all.
    private static final int LEAST_SHARES = 8;

    private final Map<String, Integer> listeners = new HashMap<>();

    Connections(Collection<LoadBalancer> balancers) {
        balancers.forEach(balancer ->
                listeners.merge(tenant(balancer), balancer.listeners().size(), Integer::sum));
    }

    /// Of each listener of a load balancer.
    int of(LoadBalancer balancer) {
        var share = ALL / Math.max(LEAST_SHARES, listeners.size());
        var own = Math.max(1, listeners.getOrDefault(tenant(balancer), 1));
        return Math.max(1, share / own);
    }

    /// A group of several namespaces counts as one of its own.
    private static String tenant(LoadBalancer balancer) {
        var owner = balancer.owner();
        return owner.namespace().isEmpty() ? owner.toString() : owner.namespace();
    }
}
