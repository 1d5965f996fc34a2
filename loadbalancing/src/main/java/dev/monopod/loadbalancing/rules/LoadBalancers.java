package dev.monopod.loadbalancing.rules;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// All load balancers that the objects of a cluster ask for and that have an address.
public final class LoadBalancers {
    private LoadBalancers() {}

    /// @param addresses of the owners that one host serves; the others are left out
    public static List<LoadBalancer> of(
            Inventory inventory, List<String> vpcRanges, Map<Owner, String> addresses) {
        List<LoadBalancer> all = new ArrayList<>();
        var network = new NetworkLoadBalancers(inventory, vpcRanges);
        for (var service : inventory.services()) {
            var address = addresses.get(NetworkLoadBalancers.owner(service));
            if (address != null
                    && network.of(service, address)
                            instanceof Outcome.Accepted<LoadBalancer>(var balancer)) {
                all.add(balancer);
            }
        }
        var application = new ApplicationLoadBalancers(inventory, vpcRanges);
        application
                .groups()
                .forEach((owner, members) -> {
                    var address = addresses.get(owner);
                    if (address != null) {
                        all.add(application.of(owner, members, address).balancer());
                    }
                });
        var gateways = new Gateways(inventory);
        for (var gateway : gateways.ours()) {
            var address = addresses.get(Gateways.owner(gateway));
            if (address != null) {
                all.add(gateways.of(gateway, address).balancer());
            }
        }
        return all;
    }
}
