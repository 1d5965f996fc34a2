package dev.monopod.cli.installation;

import dev.monopod.model.network.Cidr;

/// The network that pods of this host are in.
///
/// @param vpc its name
/// @param range of the VPC
/// @param services range of their addresses
/// @param region that nodes, zones and ARNs name
public record Addressing(String vpc, Cidr range, Cidr services, String region) {
    /// Network namespace of the VPC's router.
    public String networkNamespace() {
        return "monopod-vpc-" + vpc;
    }
}
