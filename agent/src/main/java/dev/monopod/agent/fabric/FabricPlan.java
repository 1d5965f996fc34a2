package dev.monopod.agent.fabric;

import dev.monopod.host.network.Fabric;
import dev.monopod.host.network.Fabric.Peer;
import dev.monopod.host.network.Underlay;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.host.Addresses;
import dev.monopod.kube.mapping.NetworkObjects;
import dev.monopod.loadbalancing.objects.AddressOwners;
import dev.monopod.model.network.Cidr;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Tells from the API's objects which address is on which host. Pure.
///
/// A Machine is on its host from its creation to the end of the object: the route is there before
/// the pod is, and goes when its host has taken it down. What is on this host is never elsewhere.
///
/// @param hostName of this host
/// @param self how it is reached
record FabricPlan(String hostName, Underlay self) {
    private static final int ROUTER_OFFSET = 1;

    /// One for each VPC; hosts that do not say how they are reached are left out.
    List<Fabric> of(NetworkObjects objects, Collection<IPAddress> addresses) {
        var hosts =
                objects.hosts().stream()
                        .filter(host -> !name(host).equals(hostName))
                        .filter(host -> !underlay(host).isEmpty())
                        .filter(host -> !underlay(host).equals(self.address()))
                        .sorted(Comparator.comparing(FabricPlan::name))
                        .toList();
        var fabrics = new ArrayList<Fabric>();
        for (var vpc : objects.vpcs()) {
            var ranges = vpc.getSpec().cidrs().stream().map(Cidr::parse).toList();
            var here = carried(hostName, vpc, objects.machines());
            var given = new HashSet<>(here);
            var peers = new ArrayList<Peer>();
            for (var host : hosts) {
                var all = new TreeSet<>(carried(name(host), vpc, objects.machines()));
                addresses.stream()
                        .filter(address ->
                                Addresses.ours(address)
                                        && AddressOwners.owner(address).isPresent()
                                        && Addresses.host(address).equals(name(host)))
                        .forEach(address -> all.add(address.getMetadata().getName()));
                all.add(host.getStatus().address());
                all.removeIf(address ->
                        address == null
                                || ranges.stream().noneMatch(range -> range.contains(address))
                                || !given.add(address));
                peers.add(new Peer(underlay(host), all));
            }
            fabrics.add(
                    new Fabric(
                            vpc.getMetadata().getName(),
                            self,
                            Cidr.text(ranges.getFirst().base() + ROUTER_OFFSET),
                            peers));
        }
        return fabrics;
    }

    private static Set<String> carried(String host, Vpc vpc, List<Machine> machines) {
        var addresses = new TreeSet<String>();
        for (var machine : machines) {
            var network = machine.getSpec().network();
            if (machine.getSpec().host().equals(host)
                    && network.vpc().equals(vpc.getMetadata().getName())) {
                addresses.add(network.address());
            }
        }
        return addresses;
    }

    private static String name(Host host) {
        return host.getMetadata().getName();
    }

    private static String underlay(Host host) {
        var status = host.getStatus();
        return status == null || status.underlayAddress() == null ? "" : status.underlayAddress();
    }
}
