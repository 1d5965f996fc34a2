package dev.monopod.agent.network;

import dev.monopod.agent.network.HostNetwork.VpcNetwork;
import java.util.Collection;

/// Writes the nftables rules of a host and of a VPC's router as nft scripts. Pure. Each script
/// replaces its whole table in one transaction, so there is no moment without rules.
final class Ruleset {
    static final String TABLE = "monopod";

    private Ruleset() {}

    /// The host's own namespace: translation for what leaves the VPCs (the NAT gateway), the way to
    /// the kubelet API at pod addresses, and a wall between the pods and the host.
    static String host(Collection<VpcNetwork> vpcs) {
        var redirect = new StringBuilder();
        var masquerade = new StringBuilder();
        var input = new StringBuilder();
        for (var vpc : vpcs) {
            var link = LinkNames.hostLink(vpc.name());
            redirect.append(
                    "    ip daddr %s ip daddr != %s tcp dport 10250 redirect to :%d\n"
                            .formatted(vpc.cidr(), vpc.hostAddress(), vpc.kubeletPort()));
            masquerade.append(
                    "    ip saddr %s oifname != { \"%s\", \"lo\" } masquerade\n"
                            .formatted(vpc.cidr(), link));
            // Pods reach the API server and the cluster's DNS on the host, and nothing else of it.
            input.append("    iifname \"%s\" jump pods\n".formatted(link));
        }
        return """
        table ip %1$s
        delete table ip %1$s
        table ip %1$s {
          chain output {
            type nat hook output priority -100; policy accept;
        %2$s  }
          chain postrouting {
            type nat hook postrouting priority 100; policy accept;
        %3$s  }
          chain pods {
            ct state established,related accept
            tcp dport { 6443, 1053, 4443 } accept
            udp dport 1053 accept
            icmp type echo-request accept
            drop
          }
          chain input {
            type filter hook input priority 0; policy accept;
        %4$s  }
        }
        """
                .formatted(TABLE, redirect, masquerade, input);
    }

    /// A VPC's router. `pods` holds which address may come from which tap; it is filled as pods
    /// come and go, and survives a renewal of the rules because only the chains are replaced.
    static String router(VpcNetwork vpc) {
        return """
        table ip %1$s {
          set pods {
            type ipv4_addr . ifname
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
            iifname "mp-*" ip saddr . iifname != @pods counter drop
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

    static String allow(String address, String tap) {
        return "add element ip %s pods { %s . \"%s\" }\n".formatted(TABLE, address, tap);
    }

    static String disallow(String address, String tap) {
        // Adding first makes the deletion succeed when the element is not there.
        return allow(address, tap)
                + "delete element ip %s pods { %s . \"%s\" }\n".formatted(TABLE, address, tap);
    }
}
