package dev.monopod.loadbalancing.rules;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All load balancers that the objects of a cluster ask for and that have an address. Each is read
/// for itself: one that can't be read is served as it was before, and changes nothing for others.
/// One caller at a time.
public final class LoadBalancers {
    private static final Logger LOG = LoggerFactory.getLogger(LoadBalancers.class);

    private final LastGood<LoadBalancer> services = new LastGood<>();
    private final LastGood<IngressPart> ingresses = new LastGood<>();

    /// @param addresses of the owners that one host serves; the others are left out
    public List<LoadBalancer> of(
            Inventory inventory, List<String> vpcRanges, Map<Owner, String> addresses) {
        List<LoadBalancer> all = new ArrayList<>();
        var network = new NetworkLoadBalancers(inventory, vpcRanges, services);
        for (var service : inventory.services()) {
            var owner = NetworkLoadBalancers.owner(service);
            var address = addresses.get(owner);
            if (address != null
                    && network.of(service, address)
                            instanceof Outcome.Accepted<NetworkLoadBalancers.Plan>(var plan)) {
                plan.balancer().ifPresent(all::add);
            }
        }
        network.retainOnly(inventory.services());
        var application = new ApplicationLoadBalancers(inventory, vpcRanges, ingresses);
        application
                .groups()
                .byOwner()
                .forEach((owner, members) -> {
                    var address = addresses.get(owner);
                    if (address != null) {
                        read(owner, () -> application.of(owner, members, address).balancer())
                                .ifPresent(all::add);
                    }
                });
        var gateways = new Gateways(inventory);
        for (var gateway : gateways.ours()) {
            var address = addresses.get(Gateways.owner(gateway));
            if (address != null) {
                read(Gateways.owner(gateway), () -> gateways.of(gateway, address).balancer())
                        .ifPresent(all::add);
            }
        }
        return all;
    }

    private static Optional<LoadBalancer> read(Owner owner, Supplier<LoadBalancer> read) {
        try {
            return Optional.of(read.get());
        } catch (RuntimeException | StackOverflowError malformed) {
            LOG.warn("{} can't be read and is left out", owner, malformed);
            return Optional.empty();
        }
    }
}
