package dev.monopod.controller.loadbalancing;

import dev.monopod.controller.ObjectProblems;
import dev.monopod.loadbalancing.objects.LoadBalancerObjects;
import dev.monopod.loadbalancing.rules.LastGood;
import dev.monopod.loadbalancing.rules.LoadBalancer;
import dev.monopod.loadbalancing.rules.NetworkLoadBalancers;
import dev.monopod.loadbalancing.rules.NetworkLoadBalancers.Plan;
import dev.monopod.loadbalancing.rules.Outcome;
import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.LoadBalancerIngressBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.List;

/// Services of type LoadBalancer, as Network Load Balancers.
final class ServiceClaims {
    private final KubernetesClient client;
    private final LoadBalancerObjects objects;
    private final ObjectProblems events;
    private final LastGood<LoadBalancer> lastGood = new LastGood<>();

    ServiceClaims(KubernetesClient client, LoadBalancerObjects objects, ObjectProblems events) {
        this.client = client;
        this.objects = objects;
        this.events = events;
    }

    List<Claim> all(Attempts attempts) {
        var balancers = new NetworkLoadBalancers(objects, objects.vpcRanges(), lastGood);
        List<Claim> claims = new ArrayList<>();
        for (var service : objects.services()) {
            switch (balancers.of(service, "")) {
                case Outcome.Foreign<Plan>() -> {}
                case Outcome.Refused<Plan>(var reason, var message) -> {
                    events.warning(service, reason, message);
                    attempts.make(
                            NetworkLoadBalancers.owner(service), () -> write(service, List.of()));
                }
                case Outcome.Accepted<Plan>(var plan) -> claims.add(claim(service, plan));
            }
        }
        balancers.retainOnly(objects.services());
        return claims;
    }

    /// One that can't be read keeps its address.
    private Claim claim(Service service, Plan plan) {
        plan.problem()
                .ifPresentOrElse(
                        problem -> events.warning(service, "InvalidConfiguration", problem),
                        () -> events.forget(service));
        return new Claim(
                NetworkLoadBalancers.owner(service),
                List.of(service),
                address -> plan.balancer().ifPresent(_ -> write(service, List.of(entry(address)))));
    }

    /// Mode Proxy: else kube-proxy would send what is for the load balancer straight to the pods.
    private static LoadBalancerIngress entry(String address) {
        return new LoadBalancerIngressBuilder().withIp(address).withIpMode("Proxy").build();
    }

    private void write(Service service, List<LoadBalancerIngress> wanted) {
        var status = service.getStatus();
        var known =
                status == null || status.getLoadBalancer() == null
                        ? List.<LoadBalancerIngress>of()
                        : status.getLoadBalancer().getIngress();
        StatusAddresses.write(client, service, known, wanted);
    }
}
