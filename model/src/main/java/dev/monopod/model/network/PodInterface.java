package dev.monopod.model.network;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// A pod as the network's rules see it.
///
/// @param subnet empty for pods of ordinary nodes
/// @param groups security groups that are on it
/// @param ports what its containers name
public record PodInterface(
        String namespace,
        String name,
        Map<String, String> labels,
        String address,
        String subnet,
        List<String> groups,
        Set<Port> ports) {
    public PodInterface {
        labels = Map.copyOf(labels);
        groups = List.copyOf(groups);
        ports = Set.copyOf(ports);
    }

    /// A named port of a container.
    public record Port(String name, Traffic.Protocol protocol, int number) {}

    @Override
    public String toString() {
        return namespace + "/" + name;
    }
}
