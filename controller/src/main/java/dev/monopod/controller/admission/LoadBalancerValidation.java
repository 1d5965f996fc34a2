package dev.monopod.controller.admission;

import dev.monopod.loadbalancing.rules.ApplicationLoadBalancers;
import dev.monopod.loadbalancing.rules.NetworkLoadBalancers;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.Optional;

/// Refuses a Service or an Ingress that asks in so many words for targets that are no pods. One
/// that only leaves the target type out is let in, and told by an event: another controller may
/// serve it. Source: row F5.
public final class LoadBalancerValidation implements Webhook {
    private static final int FORBIDDEN = 403;
    private static final KubernetesSerialization SERIALIZATION = new KubernetesSerialization();

    @Override
    public Verdict judge(Review review) {
        var object = review.object();
        var refusal =
                object.path("kind").asText().equals("Ingress")
                        ? ingress(SERIALIZATION.convertValue(object, Ingress.class))
                        : service(SERIALIZATION.convertValue(object, Service.class));
        return refusal.<Verdict>map(message -> new Verdict.Denied(FORBIDDEN, "Forbidden", message))
                .orElse(Verdict.Allowed.SILENTLY);
    }

    private static Optional<String> service(Service service) {
        return NetworkLoadBalancers.asksForInstances(service)
                ? NetworkLoadBalancers.refusal(service)
                : Optional.empty();
    }

    private static Optional<String> ingress(Ingress ingress) {
        return ApplicationLoadBalancers.asksForInstances(ingress)
                ? ApplicationLoadBalancers.refusal(ingress)
                : Optional.empty();
    }
}
