package dev.monopod.kube.mapping;

import dev.monopod.model.network.Cidr;
import dev.monopod.model.network.EndpointChoice;
import dev.monopod.model.network.ServiceViews.Choice;
import dev.monopod.model.network.Spans;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Who asks for Services: the pods of a host in a VPC.
///
/// @param nodes their addresses by the names of their Nodes
/// @param zones the ranges of the VPC's zones; a pod's Node has the zone of its subnet
public record ServiceClients(Map<String, Spans> nodes, Map<String, Spans> zones) {
    public static ServiceClients of(NetworkObjects seen, String vpc, String host) {
        var nodes = new TreeMap<String, Spans>();
        for (var machine : seen.machines()) {
            var network = machine.getSpec().network();
            if (machine.getSpec().host().equals(host) && network.vpc().equals(vpc)) {
                Unreadable.or(
                                Optional.<Spans>empty(),
                                () -> Optional.of(span(Cidr.around(network.address()))))
                        .ifPresent(address -> nodes.put(machine.getSpec().nodeName(), address));
            }
        }
        var zones = new TreeMap<String, List<Cidr>>();
        for (var subnet : seen.subnets()) {
            if (subnet.getSpec().vpc().equals(vpc)) {
                Unreadable.or(
                                Optional.<Cidr>empty(),
                                () -> Optional.of(Cidr.parse(subnet.getSpec().cidr())))
                        .ifPresent(range ->
                                zones.computeIfAbsent(
                                                subnet.getSpec().zone(), _ -> new ArrayList<>())
                                        .add(range));
            }
        }
        return new ServiceClients(
                nodes,
                zones.entrySet().stream()
                        .collect(
                                Collectors.toMap(
                                        Map.Entry::getKey,
                                        zone -> Spans.covering(zone.getValue()))));
    }

    private static Spans span(Cidr range) {
        return Spans.covering(List.of(range));
    }

    /// The choices of those that use other endpoints than all others do: a Node's come before its
    /// zone's.
    List<Choice> choices(EndpointChoice choice) {
        var choices = new ArrayList<Choice>();
        new TreeMap<>(choice.byNode())
                .forEach((node, backs) -> {
                    var client = nodes.get(node);
                    if (client != null) {
                        choices.add(new Choice(client, backs));
                    }
                });
        new TreeMap<>(choice.byZone())
                .forEach((zone, backs) -> {
                    var clients = zones.get(zone);
                    // All of them is what is seen anyhow.
                    if (clients != null && backs.size() < choice.others().size()) {
                        choices.add(new Choice(clients, backs));
                    }
                });
        return choices;
    }
}
