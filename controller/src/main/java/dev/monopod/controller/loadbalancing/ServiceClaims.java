package dev.monopod.controller.loadbalancing;

import dev.monopod.controller.ObjectProblems;
import dev.monopod.loadbalancing.objects.LoadBalancerObjects;
import dev.monopod.loadbalancing.rules.LoadBalancer;
import dev.monopod.loadbalancing.rules.NetworkLoadBalancers;
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

    ServiceClaims(KubernetesClient client, LoadBalancerObjects objects, ObjectProblems events) {
        this.client = client;
        this.objects = objects;
        this.events = events;
    }

    List<Claim> all() {
        var balancers = new NetworkLoadBalancers(objects, objects.vpcRanges());
        List<Claim> claims = new ArrayList<>();
        for (var service : objects.services()) {
            switch (balancers.of(service, "")) {
                case Outcome.Foreign<LoadBalancer>() -> {}
                case Outcome.Refused<LoadBalancer>(var reason, var message) -> {
                    events.warning(service, reason, message);
                    write(service, List.of());
                }
                case Outcome.Accepted<LoadBalancer>(var balancer) -> {
                    events.forget(service);
                    claims.add(
                            new Claim(
                                    balancer.owner(),
                                    List.of(service),
                                    address -> write(service, List.of(entry(address)))));
                }
            }
        }
        return claims;
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
