package dev.monopod.controller.loadbalancing;

import dev.monopod.controller.ObjectProblems;
import dev.monopod.loadbalancing.objects.LoadBalancerObjects;
import dev.monopod.loadbalancing.rules.ApplicationLoadBalancers;
import dev.monopod.loadbalancing.rules.ApplicationLoadBalancers.Member;
import dev.monopod.loadbalancing.rules.IngressPart;
import dev.monopod.loadbalancing.rules.LastGood;
import dev.monopod.loadbalancing.rules.Listener;
import dev.monopod.loadbalancing.rules.Owner;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressLoadBalancerIngress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressLoadBalancerIngressBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Ingresses of class `alb`, as Application Load Balancers.
final class IngressClaims {
    private final KubernetesClient client;
    private final LoadBalancerObjects objects;
    private final ObjectProblems events;
    private final LastGood<IngressPart> lastGood = new LastGood<>();

    IngressClaims(KubernetesClient client, LoadBalancerObjects objects, ObjectProblems events) {
        this.client = client;
        this.objects = objects;
        this.events = events;
    }

    List<Claim> all(Attempts attempts) {
        var balancers = new ApplicationLoadBalancers(objects, objects.vpcRanges(), lastGood);
        for (var ingress : objects.ingresses()) {
            if (balancers.ours(ingress)) {
                ApplicationLoadBalancers.refusal(ingress)
                        .ifPresent(message -> {
                            events.warning(ingress, "UnsupportedTargetType", message);
                            attempts.make(name(ingress), () -> write(ingress, List.of()));
                        });
            }
        }
        var groups = balancers.groups();
        for (var member : groups.leftOut()) {
            tell(member.ingress(), member.problem());
            attempts.make(name(member.ingress()), () -> write(member.ingress(), List.of()));
        }
        List<Claim> claims = new ArrayList<>();
        groups.byOwner().forEach((owner, members) -> claims.add(claim(balancers, owner, members)));
        return claims;
    }

    private Claim claim(ApplicationLoadBalancers balancers, Owner owner, List<Member> members) {
        var plan = balancers.of(owner, members, "");
        members.forEach(member ->
                tell(
                        member.ingress(),
                        Optional.ofNullable(plan.problems().get(name(member.ingress())))));
        var ports = plan.balancer().listeners().stream().map(Listener::port).toList();
        var all = members.stream().map(Member::ingress).toList();
        return new Claim(
                owner,
                all,
                address -> all.forEach(ingress -> write(ingress, List.of(entry(address, ports)))));
    }

    private void tell(Ingress ingress, Optional<String> problem) {
        problem.ifPresentOrElse(
                message -> events.warning(ingress, "InvalidConfiguration", message),
                () -> events.forget(ingress));
    }

    private static String name(Ingress ingress) {
        return ingress.getMetadata().getNamespace() + "/" + ingress.getMetadata().getName();
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
