package dev.monopod.kube.mapping;

import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.SubnetSpec;
import dev.monopod.kube.api.Vpc;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.network.Peer;
import dev.monopod.model.network.RuleSet;
import dev.monopod.model.network.RuleSet.Direction;
import dev.monopod.model.network.RuleSet.Rule;
import dev.monopod.model.network.Traffic;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Where packets of each subnet may go. Source: row F14.
final class Routes {
    private Routes() {}

    /// The VPC's ranges and the hosts are always local; else the longest route decides, and what
    /// none leads to is dropped.
    static Map<String, RuleSet> of(List<Vpc> vpcs, List<Subnet> subnets, List<Cidr> hosts) {
        var local = new HashMap<String, List<Rule>>();
        for (var vpc : vpcs) {
            local.put(
                    vpc.getMetadata().getName(),
                    Unreadable.or(List.<Rule>of(), () -> local(vpc, hosts)));
        }
        var all = new HashMap<String, RuleSet>();
        for (var subnet : subnets) {
            var name = subnet.getMetadata().getName();
            // One that can't be read leads nowhere.
            var rules = Unreadable.or(List.<Rule>of(), () -> of(subnet, local));
            all.put(name, new RuleSet("routes of subnet " + name, Map.of(Direction.EGRESS, rules)));
        }
        return all;
    }

    private static List<Rule> local(Vpc vpc, List<Cidr> hosts) {
        var rules = new ArrayList<Rule>();
        vpc.getSpec()
                .cidrs()
                .forEach(cidr -> rules.add(rule("local", new Peer.Range(Cidr.parse(cidr)))));
        hosts.forEach(host -> rules.add(rule("host", new Peer.Range(host))));
        return rules;
    }

    private static List<Rule> of(Subnet subnet, Map<String, List<Rule>> local) {
        var rules = new ArrayList<Rule>(local.getOrDefault(subnet.getSpec().vpc(), List.of()));
        var routes = subnet.getSpec().routes();
        if (routes != null) {
            for (var route : routes) {
                if (route.target() != SubnetSpec.Target.none) {
                    rules.add(leads(route, routes));
                }
            }
        }
        return rules;
    }

    private static Rule leads(SubnetSpec.Route route, List<SubnetSpec.Route> routes) {
        var range = Cidr.parse(route.destination());
        var except =
                routes.stream()
                        .filter(other -> other.target() == SubnetSpec.Target.none)
                        .map(other -> Cidr.parse(other.destination()))
                        .filter(other -> other.prefix() > range.prefix() && range.contains(other))
                        .toList();
        return rule(
                route.destination() + " by " + route.target(),
                range.prefix() == 0 && except.isEmpty()
                        ? Peer.ANYONE
                        : new Peer.Range(range, except));
    }

    private static Rule rule(String label, Peer peer) {
        return new Rule(label, List.of(Traffic.ANY), List.of(peer));
    }
}
