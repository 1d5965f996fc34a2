package dev.monopod.host.network;

import dev.monopod.host.network.HostNetwork.VpcNetwork;
import dev.monopod.model.names.Defaults;
import java.util.Collection;

/// Writes the nftables rules of a host and of a VPC's router as nft scripts. Pure. Each script
/// replaces its whole table in one transaction, so there is no moment without rules.
final class Ruleset {
    static final String TABLE = "monopod";

    private Ruleset() {}

    /// The host's own namespace: translation for what leaves the VPCs (the NAT gateway), the way to
    /// the kubelet API at pod addresses, and a wall between the pods and the host.
    static String host(Collection<VpcNetwork> vpcs) {
        var names = new StringBuilder();
        var redirect = new StringBuilder();
        var masquerade = new StringBuilder();
        var input = new StringBuilder();
        for (var vpc : vpcs) {
            var link = LinkNames.hostLink(vpc.name());
            for (var cidr : vpc.cidrs()) {
                redirect.append(
                        "    ip daddr %s ip daddr != %s tcp dport %d redirect to :%d\n"
                                .formatted(
                                        cidr,
                                        vpc.hostAddress(),
                                        Defaults.KUBELET_PORT,
                                        vpc.kubeletPort()));
                masquerade.append(
                        "    ip saddr %s oifname != { \"%s\", \"lo\" } masquerade\n"
                                .formatted(cidr, link));
            }
            // Rules of users speak of port 53, where the host may have a name server already. At
            // any
            // address of the host: a control plane beside it may have named another than the VPC's.
            names.append(
                    "    iifname \"%s\" fib daddr type local meta l4proto { tcp, udp } th dport 53 dnat to :1053\n"
                            .formatted(link));
            // Pods reach the API server and the cluster's DNS on the host, and nothing else of it.
            input.append("    iifname \"%s\" jump pods\n".formatted(link));
        }
        return """
        table ip %1$s
        delete table ip %1$s
        table ip %1$s {
          chain prerouting {
            type nat hook prerouting priority -100; policy accept;
        %5$s  }
          chain output {
            type nat hook output priority -100; policy accept;
        %2$s  }
          chain postrouting {
            type nat hook postrouting priority 100; policy accept;
        %3$s  }
          chain pods {
            ct state established,related accept
            tcp dport { %6$d, 1053, 4443 } accept
            udp dport 1053 accept
            icmp type echo-request accept
            drop
          }
          chain input {
            type filter hook input priority 0; policy accept;
        %4$s  }
        }
        """
                .formatted(TABLE, redirect, masquerade, input, names, Defaults.API_SERVER_PORT);
    }

    /// A VPC's router. `pods` holds which addresses, of layer 3 and 2, may come from which tap; it
    /// is filled as pods come and go, and survives a renewal of the rules because only the chains
    /// are replaced. What has another sender goes nowhere, be it IP or ARP; so do DHCP (its sender
    /// is 0.0.0.0, its answers are broadcast, and the router forwards no broadcast) and IPv6.
    static String router(VpcNetwork vpc) {
        return """
        table ip %1$s {
          set pods {
            type ipv4_addr . ether_addr . ifname
          }
          chain prerouting {
            type filter hook prerouting priority raw; policy accept;
          }
          chain postrouting {
            type nat hook postrouting priority 110; policy accept;
          }
          chain input {
            type filter hook input priority 0; policy accept;
          }
        }
        flush chain ip %1$s prerouting
        flush chain ip %1$s postrouting
        flush chain ip %1$s input
        table ip %1$s {
          chain prerouting {
            iifname "mp-*" ip saddr . ether saddr . iifname != @pods counter drop
            iifname "mp-*" ip daddr 169.254.0.0/16 counter drop
          }
          chain postrouting {
            ip saddr %2$s ip daddr %2$s ct status dnat masquerade
          }
          chain input {
            iifname "mp-*" ct state established,related accept
            iifname "mp-*" icmp type echo-request accept
            iifname "mp-*" counter drop
          }
        }
        table arp %1$s {
          set pods {
            type ipv4_addr . ether_addr . ifname
          }
          chain input {
            type filter hook input priority 0; policy accept;
          }
        }
        flush chain arp %1$s input
        table arp %1$s {
          chain input {
            iifname "mp-*" arp saddr ip . arp saddr ether . iifname != @pods counter drop
          }
        }
        table ip6 %1$s
        delete table ip6 %1$s
        table ip6 %1$s {
          chain prerouting {
            type filter hook prerouting priority raw; policy accept;
            iifname "mp-*" counter drop
          }
        }
        """
                .formatted(TABLE, vpc.hostAddress());
    }

    static String allow(String address, String mac, String tap) {
        return change("add", address, mac, tap);
    }

    static String disallow(String address, String mac, String tap) {
        // Adding first makes the deletion succeed when the element is not there.
        return allow(address, mac, tap) + change("delete", address, mac, tap);
    }

    private static String change(String verb, String address, String mac, String tap) {
        return """
        %1$s element ip %2$s pods { %3$s . %4$s . "%5$s" }
        %1$s element arp %2$s pods { %3$s . %4$s . "%5$s" }
        """
                .formatted(verb, TABLE, address, mac, tap);
    }
}
