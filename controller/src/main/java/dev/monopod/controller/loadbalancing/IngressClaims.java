package dev.monopod.controller.loadbalancing;

import dev.monopod.controller.ObjectProblems;
import dev.monopod.loadbalancing.objects.LoadBalancerObjects;
import dev.monopod.loadbalancing.rules.ApplicationLoadBalancers;
import dev.monopod.loadbalancing.rules.Listener;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressLoadBalancerIngress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressLoadBalancerIngressBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.List;

/// Ingresses of class `alb`, as Application Load Balancers.
final class IngressClaims {
    private final KubernetesClient client;
    private final LoadBalancerObjects objects;
    private final ObjectProblems events;

    IngressClaims(KubernetesClient client, LoadBalancerObjects objects, ObjectProblems events) {
        this.client = client;
        this.objects = objects;
        this.events = events;
    }

    List<Claim> all() {
        var balancers = new ApplicationLoadBalancers(objects, objects.vpcRanges());
        for (var ingress : objects.ingresses()) {
            if (balancers.ours(ingress)) {
                ApplicationLoadBalancers.refusal(ingress)
                        .ifPresent(message -> {
                            events.warning(ingress, "UnsupportedTargetType", message);
                            write(ingress, List.of());
                        });
            }
        }
        List<Claim> claims = new ArrayList<>();
        balancers
                .groups()
                .forEach((owner, members) -> {
                    var plan = balancers.of(owner, members, "");
                    for (var ingress : members) {
                        var meta = ingress.getMetadata();
                        var problem =
                                plan.problems().get(meta.getNamespace() + "/" + meta.getName());
                        if (problem == null) {
                            events.forget(ingress);
                        } else {
                            events.warning(ingress, "InvalidConfiguration", problem);
                        }
                    }
                    var ports = plan.balancer().listeners().stream().map(Listener::port).toList();
                    claims.add(
                            new Claim(
                                    owner,
                                    members,
                                    address ->
                                            members.forEach(ingress ->
                                                    write(
                                                            ingress,
                                                            List.of(entry(address, ports))))));
                });
        return claims;
    }

    private static IngressLoadBalancerIngress entry(String address, List<Integer> ports) {
        var entry = new IngressLoadBalancerIngressBuilder().withIp(address);
        ports.forEach(port -> entry.addNewPort().withPort(port).withProtocol("TCP").endPort());
        return entry.build();
    }

    private void write(Ingress ingress, List<IngressLoadBalancerIngress> wanted) {
        var status = ingress.getStatus();
        var known =
                status == null || status.getLoadBalancer() == null
                        ? List.<IngressLoadBalancerIngress>of()
                        : status.getLoadBalancer().getIngress();
        StatusAddresses.write(client, ingress, known, wanted);
    }
}
