package dev.monopod.host.network;

import dev.monopod.model.names.Defaults;
import java.util.Collection;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Writes the nftables rules that concern other hosts as nft scripts. Pure. Each replaces its whole
/// table in one transaction.
final class FabricRules {
    static final String TABLE = "monopod_hosts";

    private FabricRules() {}

    /// The host's own namespace. Only hosts of the cluster may speak the VPCs' VXLAN to this one. A
    /// pod may not speak to another host, whose rules would take it for this one after the
    /// translation of its sender: else it could send frames of its own making into any VPC. What is
    /// asked of a pod's kubelet goes through the VPC, like all that is for the pod's address.
    static String host(Collection<Fabric> fabrics) {
        var hosts = new TreeSet<String>();
        fabrics.forEach(fabric -> hosts.addAll(fabric.underlays()));
        return """
        table ip %1$s
        delete table ip %1$s
        table ip %1$s {
          set hosts {
            type ipv4_addr
        %2$s  }
          chain input {
            type filter hook input priority filter; policy accept;
            udp dport %3$d ip saddr != @hosts counter drop
          }
          chain forward {
            type filter hook forward priority filter; policy accept;
            ct state established,related accept
            iifname "mp-*" ip daddr @hosts tcp dport %4$d accept
            iifname "mp-*" ip daddr @hosts icmp type echo-request accept
            iifname "mp-*" ip daddr @hosts counter drop
          }
        }
        """
                .formatted(TABLE, elements(hosts), Fabric.PORT, Defaults.API_SERVER_PORT);
    }

    /// A VPC's router. What comes from another host has a sender that this host carries; packets
    /// for the router itself are dropped, as those of pods are. A connection's segments fit into
    /// the way between the hosts, whatever its ends believe.
    static String router(Fabric fabric) {
        var senders = new TreeSet<String>();
        for (var peer : fabric.peers()) {
            var mac = Fabric.mac(peer.underlay());
            // Its router speaks of packets that are too large.
            senders.add(fabric.router() + " . " + mac);
            peer.addresses().forEach(address -> senders.add(address + " . " + mac));
        }
        return """
        table ip %1$s
        delete table ip %1$s
        table ip %1$s {
          set senders {
            type ipv4_addr . ether_addr
        %2$s  }
          chain prerouting {
            type filter hook prerouting priority raw; policy accept;
            iifname "%3$s" ip saddr . ether saddr != @senders counter drop
          }
          chain input {
            type filter hook input priority filter; policy accept;
            iifname "%3$s" ct state established,related accept
            iifname "%3$s" icmp type { echo-request, destination-unreachable } accept
            iifname "%3$s" counter drop
          }
          chain forward {
            type filter hook forward priority mangle; policy accept;
            oifname "%3$s" tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu
          }
        }
        """
                .formatted(TABLE, elements(senders), FabricNetwork.LINK);
    }

    private static String elements(Collection<String> all) {
        return all.isEmpty()
                ? ""
                : all.stream().collect(Collectors.joining(", ", "    elements = { ", " }\n"));
    }
}
