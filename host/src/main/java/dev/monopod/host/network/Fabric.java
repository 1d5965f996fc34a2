package dev.monopod.host.network;

import dev.monopod.model.network.Cidr;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/// What of a VPC lies on other hosts, as this host has to know it.
///
/// @param vpc its name
/// @param self how this host is reached by the others
/// @param router address that each host's router has in the VPC
/// @param peers the other hosts, also those that carry nothing of the VPC now
public record Fabric(String vpc, Underlay self, String router, List<Peer> peers) {
    /// Not the port that IANA gave to VXLAN: another network of the host may use that one, and the
    /// rules here are for this network alone.
    static final int PORT = 14789;

    public Fabric {
        peers = List.copyOf(peers);
    }

    /// Another host.
    ///
    /// @param underlay address by which this host reaches it
    /// @param addresses those of the VPC that it carries: its own, pods', load balancers'
    public record Peer(String underlay, Set<String> addresses) {
        public Peer {
            addresses = Set.copyOf(addresses);
        }
    }

    /// The VXLAN's number, the same on each host: 24 bits of the name's digest.
    int id() {
        return Integer.parseInt(LinkNames.digest(vpc).substring(0, 6), 16);
    }

    /// The hardware address of a host's end. It follows from the underlay address, so nobody has to
    /// be told of it.
    static String mac(String underlay) {
        var number = Cidr.address(underlay);
        return String.format(
                Locale.ROOT,
                "02:58:%02x:%02x:%02x:%02x",
                number >> 24 & 255,
                number >> 16 & 255,
                number >> 8 & 255,
                number & 255);
    }

    Collection<String> underlays() {
        var all = new TreeSet<String>();
        peers.forEach(peer -> all.add(peer.underlay()));
        return all;
    }
}
