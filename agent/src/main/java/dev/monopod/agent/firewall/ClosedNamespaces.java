package dev.monopod.agent.firewall;

import dev.monopod.kube.client.Events;
import dev.monopod.kube.mapping.NetworkObjects;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells users, as an event on their policies, that the pods of the namespace get no connection by
/// these, and why; each reason once. One thread.
final class ClosedNamespaces {
    private static final Logger LOG = LoggerFactory.getLogger(ClosedNamespaces.class);

    /// Of one namespace: it may have thousands.
    private static final int MOST_TOLD = 20;

    private final Events events;
    private final Map<String, String> told = new HashMap<>();

    ClosedNamespaces(Events events) {
        this.events = events;
    }

    /// @param closed reasons by namespace, of all VPCs
    void tell(Map<String, String> closed, NetworkObjects seen) {
        told.keySet().retainAll(closed.keySet());
        closed.forEach((namespace, why) -> {
            if (why.equals(told.put(namespace, why))) {
                return;
            }
            LOG.warn("NetworkPolicies of namespace {} are not served: {}", namespace, why);
            seen.policies().stream()
                    .filter(policy -> policy.getMetadata().getNamespace().equals(namespace))
                    .limit(MOST_TOLD)
                    .forEach(policy ->
                            events.warning(
                                    policy,
                                    "NotServed",
                                    "the NetworkPolicies of namespace %s let no connection through: %s"
                                            .formatted(namespace, why)));
        });
    }
}
