package dev.monopod.controller.loadbalancing;

import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.SubnetSpec.Target;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.host.Addresses;
import dev.monopod.loadbalancing.objects.AddressOwners;
import dev.monopod.loadbalancing.rules.Owner;
import dev.monopod.model.names.Names;
import dev.monopod.model.network.Cidr;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Gives each owner one address of a public subnet, and a host that serves it. Creating the
/// `IPAddress` is the commit point. One caller at a time.
final class AddressBook {
    private static final Logger LOG = LoggerFactory.getLogger(AddressBook.class);
    private static final String EVERYWHERE = "0.0.0.0/0";
    private static final int LAST_OCTET = 255;

    /// Load balancers of one namespace, as AWS gives an account: the addresses are there for all.
    static final int MOST_OF_NAMESPACE = 50;

    private final KubernetesClient client;
    private final Map<Owner, IPAddress> byOwner = new HashMap<>();
    private final Set<String> taken = new HashSet<>();

    /// @param known all addresses of ours, as last seen
    AddressBook(KubernetesClient client, Collection<IPAddress> known) {
        this.client = client;
        for (var address : known) {
            taken.add(address.getMetadata().getName());
            if (Addresses.ours(address)) {
                AddressOwners.owner(address).ifPresent(owner -> byOwner.put(owner, address));
            }
        }
    }

    /// What an owner gets.
    sealed interface Answer {}

    record Given(String address) implements Answer {}

    /// @param why for the user
    record None(String why) implements Answer {}

    boolean has(Owner owner) {
        return byOwner.containsKey(owner);
    }

    /// The host that serves the next new address.
    static Optional<String> next(List<Host> hosts) {
        return hosts.stream()
                .map(each -> each.getMetadata().getName())
                .min(Comparator.naturalOrder());
    }

    /// Who has an address keeps it.
    Answer of(Owner owner, List<Subnet> subnets, List<Host> hosts) {
        var host = next(hosts);
        if (host.isEmpty()) {
            return new None("there is no host");
        }
        var known = byOwner.get(owner);
        if (known != null) {
            keepServed(known, host.get(), hosts);
            return new Given(known.getMetadata().getName());
        }
        var same =
                byOwner.keySet().stream()
                        .filter(other -> other.namespace().equals(owner.namespace()))
                        .count();
        if (same >= MOST_OF_NAMESPACE) {
            return new None(
                    "namespace %s has %d load balancers, the limit is %d"
                            .formatted(owner.namespace(), same, MOST_OF_NAMESPACE));
        }
        return subnets.stream()
                .filter(AddressBook::isPublic)
                .sorted(Comparator.comparing(subnet -> subnet.getMetadata().getName()))
                .map(subnet -> take(owner, Cidr.parse(subnet.getSpec().cidr()), host.get()))
                .flatMap(Optional::stream)
                .findFirst()
                .<Answer>map(Given::new)
                .orElseGet(() ->
                        new None("no public subnet (a route 0.0.0.0/0 to igw) has a free address"));
    }

    private static boolean isPublic(Subnet subnet) {
        var routes = subnet.getSpec().routes();
        return routes != null
                && routes.stream()
                        .anyMatch(route ->
                                route.destination().equals(EVERYWHERE)
                                        && route.target() == Target.igw);
    }

    /// The upper half of the subnet, since hosts have addresses at the start of the first.
    /// Addresses that look like a network's or a broadcast are left out.
    private Optional<String> take(Owner owner, Cidr subnet, String host) {
        for (var number = subnet.base() + subnet.size() / 2; number < subnet.last(); number++) {
            var address = Cidr.text(number);
            var last = number & LAST_OCTET;
            if (last != 0 && last != LAST_OCTET && !taken.contains(address)) {
                taken.add(address);
                var wanted = Addresses.object(address, AddressOwners.parent(owner), host);
                var created =
                        ApiCall.unless(ApiCode.CONFLICT, () -> client.resource(wanted).create());
                if (created.isPresent()) {
                    byOwner.put(owner, created.get());
                    LOG.info("{} gets {} on host {}", owner, address, host);
                    return Optional.of(address);
                }
            }
        }
        return Optional.empty();
    }

    /// An address whose host has left goes to another.
    private void keepServed(IPAddress address, String otherwise, List<Host> hosts) {
        var host = Addresses.host(address);
        if (hosts.stream().noneMatch(each -> each.getMetadata().getName().equals(host))) {
            client.resource(address)
                    .edit(fresh -> {
                        fresh.getMetadata().getLabels().put(Names.HOST_LABEL, otherwise);
                        return fresh;
                    });
            LOG.info("{} moves from {} to {}", address.getMetadata().getName(), host, otherwise);
        }
    }

    /// Gives back what nobody of these has.
    void retainOnly(Set<Owner> owners) {
        byOwner.forEach((owner, address) -> {
            if (!owners.contains(owner)) {
                client.resource(address).delete();
                LOG.info("{} gives back {}", owner, address.getMetadata().getName());
            }
        });
    }
}
