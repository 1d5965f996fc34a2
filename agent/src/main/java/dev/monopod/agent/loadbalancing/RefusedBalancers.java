package dev.monopod.agent.loadbalancing;

import dev.monopod.kube.client.Events;
import dev.monopod.loadbalancing.objects.LoadBalancerObjects;
import dev.monopod.loadbalancing.rules.Owner;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells users, as an event on their object, that HAProxy refuses their load balancer; once, until
/// it says something else. One caller at a time.
final class RefusedBalancers {
    private static final Logger LOG = LoggerFactory.getLogger(RefusedBalancers.class);

    /// An event takes 1 024 bytes.
    private static final int MOST_SAID = 500;

    private final Events events;
    private final LoadBalancerObjects objects;
    private final Map<Owner, String> told = new HashMap<>();

    RefusedBalancers(Events events, LoadBalancerObjects objects) {
        this.events = events;
        this.objects = objects;
    }

    void tell(Map<Owner, String> complaints) {
        told.keySet().retainAll(complaints.keySet());
        complaints.forEach((owner, complaint) -> {
            if (!complaint.equals(told.put(owner, complaint))) {
                LOG.error("HAProxy refuses {}: {}", owner, complaint);
                objects(owner)
                        .forEach(object ->
                                events.warning(
                                        object,
                                        "NotServed",
                                        "the load balancer is served as it was before, or not at"
                                                + " all, since HAProxy refuses it: "
                                                + complaint.substring(
                                                        0,
                                                        Math.min(MOST_SAID, complaint.length()))));
            }
        });
    }

    /// Of a group the first Ingresses of its namespace stand for all.
    private List<? extends HasMetadata> objects(Owner owner) {
        var all =
                switch (owner.kind()) {
                    case SERVICE -> objects.services();
                    case INGRESS, INGRESS_GROUP -> objects.ingresses();
                    case GATEWAY -> objects.gateways().gateways();
                };
        return all.stream()
                .filter(object -> owner.namespace().equals(object.getMetadata().getNamespace()))
                .filter(object ->
                        owner.kind() == Owner.Kind.INGRESS_GROUP
                                || owner.name().equals(object.getMetadata().getName()))
                .limit(1)
                .toList();
    }
}
