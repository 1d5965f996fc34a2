package dev.monopod.host.network;

import dev.monopod.host.network.HostNetwork.Kubelet;
import dev.monopod.host.network.HostNetwork.VpcNetwork;
import dev.monopod.model.names.Defaults;
import java.util.Collection;

/// Writes the nftables rules of a host and of a VPC's router as nft scripts. Pure. Each script
/// replaces its whole table in one transaction, so there is no moment without rules.
final class Ruleset {
    static final String TABLE = "monopod";

    private Ruleset() {}

    /// The host's own namespace: translation for what leaves the VPCs (the NAT gateway), the way to
    /// the kubelet API at pod addresses, and a wall between the pods and the host. Only the chains
    /// are replaced: `kubelets` says where the agent answers for which pod, and is the agent's.
    static String host(Collection<VpcNetwork> vpcs) {
        var names = new StringBuilder();
        var returned = new StringBuilder();
        var masquerade = new StringBuilder();
        var input = new StringBuilder();
        for (var vpc : vpcs) {
            var link = LinkNames.hostLink(vpc.name());
            for (var cidr : vpc.cidrs()) {
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
            // The router sends here what is for a pod's kubelet, and would do so for ever.
            returned.append(
                    "    iifname \"%1$s\" oifname \"%1$s\" tcp dport %2$d reject with tcp reset\n"
                            .formatted(link, Defaults.KUBELET_PORT));
            // Pods reach the API server, the cluster's DNS, other pods' kubelets and the agent's
            // credentials on the host, and nothing else of it.
            input.append("    iifname \"%s\" jump pods\n".formatted(link));
        }
        return """
        table ip %1$s {
          map kubelets {
            type ipv4_addr : ipv4_addr . inet_service
          }
          chain prerouting {
            type nat hook prerouting priority -100; policy accept;
          }
          chain output {
            type nat hook output priority -100; policy accept;
          }
          chain postrouting {
            type nat hook postrouting priority 100; policy accept;
          }
          chain forward {
            type filter hook forward priority 0; policy accept;
          }
          chain pods {
          }
          chain input {
            type filter hook input priority 0; policy accept;
          }
        }
        flush table ip %1$s
        table ip %1$s {
          chain prerouting {
            tcp dport %7$d dnat ip to ip daddr map @kubelets
        %5$s  }
          chain output {
            tcp dport %7$d dnat ip to ip daddr map @kubelets
          }
          chain postrouting {
        %3$s  }
          chain forward {
        %2$s  }
          chain pods {
            ct state established,related accept
            tcp dport { %6$d, 1053, 4443, %8$d } accept
            meta l4proto tcp ct status dnat ct original proto-dst %7$d accept
            udp dport 1053 accept
            icmp type echo-request accept
            drop
          }
          chain input {
        %4$s  }
        }
        """
                .formatted(
                        TABLE,
                        returned,
                        masquerade,
                        input,
                        names,
                        Defaults.API_SERVER_PORT,
                        Defaults.KUBELET_PORT,
                        Defaults.POD_IDENTITY_PORT);
    }

    /// A VPC's router. `pods` holds which addresses, of layer 3 and 2, may come from which tap; it
    /// is filled as pods come and go, and survives a renewal of the rules because only the chains
    /// are replaced. What has another sender goes nowhere, be it IP or ARP; so do DHCP (its sender
    /// is 0.0.0.0, its answers are broadcast, and the router forwards no broadcast) and IPv6. No
    /// guest is asked at the kubelet's port, where it could pass itself off as its own Node. Of
    /// link-local addresses one port of one leads anywhere: to the agent, for credentials.
    static String router(VpcNetwork vpc) {
        return """
        table ip %1$s {
          set pods {
            type ipv4_addr . ether_addr . ifname
          }
          chain prerouting {
            type filter hook prerouting priority raw; policy accept;
          }
          chain credentials {
            type nat hook prerouting priority -100; policy accept;
          }
          chain postrouting {
            type nat hook postrouting priority 110; policy accept;
          }
          chain input {
            type filter hook input priority 0; policy accept;
          }
          chain forward {
            type filter hook forward priority 0; policy accept;
          }
        }
        flush chain ip %1$s prerouting
        flush chain ip %1$s credentials
        flush chain ip %1$s postrouting
        flush chain ip %1$s input
        flush chain ip %1$s forward
        table ip %1$s {
          chain prerouting {
            iifname "mp-*" ip saddr . ether saddr . iifname != @pods counter drop
            iifname "mp-*" ip daddr %4$s tcp dport 80 accept
            iifname "mp-*" ip daddr 169.254.0.0/16 counter drop
          }
          chain credentials {
            iifname "mp-*" ip daddr %4$s tcp dport 80 dnat to %2$s:%5$d
          }
          chain postrouting {
            ip saddr %2$s ip daddr %2$s ct status dnat masquerade
          }
          chain input {
            iifname "mp-*" ct state established,related accept
            iifname "mp-*" icmp type echo-request accept
            iifname "mp-*" counter drop
          }
          chain forward {
            oifname "mp-*" tcp dport %3$d ct state new reject with tcp reset
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
                .formatted(
                        TABLE,
                        vpc.hostAddress(),
                        Defaults.KUBELET_PORT,
                        Defaults.POD_IDENTITY_ADDRESS,
                        Defaults.POD_IDENTITY_PORT);
    }

    /// Where the agent answers, for all pods of this host.
    static String kubelets(Collection<Kubelet> kubelets) {
        var script = new StringBuilder("flush map ip %s kubelets\n".formatted(TABLE));
        for (var kubelet : kubelets) {
            script.append(
                    "add element ip %s kubelets { %s : %s . %d }\n"
                            .formatted(
                                    TABLE, kubelet.pod(), kubelet.hostAddress(), kubelet.port()));
        }
        return script.toString();
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
