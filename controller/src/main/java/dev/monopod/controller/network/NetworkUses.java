package dev.monopod.controller.network;

import dev.monopod.kube.api.FargateProfile;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.PrefixList;
import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.api.SecurityGroupSpec;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.names.Names;
import dev.monopod.model.network.Cidr;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Who uses what of the network, and how much is left. Pure.
record NetworkUses(
        List<Vpc> vpcs,
        List<Subnet> subnets,
        List<SecurityGroup> groups,
        List<PrefixList> lists,
        List<FargateProfile> profiles,
        List<Machine> machines) {
    private static final int MOST_NAMED = 3;

    /// Users of a VPC; empty if it may go. Its cluster security group goes with it.
    List<String> of(Vpc vpc) {
        var name = vpc.getMetadata().getName();
        var users = new ArrayList<String>();
        subnets.stream()
                .filter(subnet -> subnet.getSpec().vpc().equals(name))
                .forEach(subnet -> users.add("subnet " + subnet.getMetadata().getName()));
        groups.stream()
                .filter(group -> group.getSpec().vpc().equals(name))
                .map(group -> group.getMetadata().getName())
                .filter(group -> !group.equals(Names.clusterSecurityGroup(name)))
                .forEach(group -> users.add("security group " + group));
        users.addAll(machines(machine -> machine.getSpec().network().vpc().equals(name)));
        return users;
    }

    List<String> of(Subnet subnet) {
        var name = subnet.getMetadata().getName();
        var users = new ArrayList<String>();
        profiles.stream()
                .filter(profile -> profile.getSpec().subnets().contains(name))
                .forEach(profile -> users.add("profile " + profile.getMetadata().getName()));
        users.addAll(machines(machine -> machine.getSpec().network().subnet().equals(name)));
        return users;
    }

    List<String> of(SecurityGroup group) {
        var name = group.getMetadata().getName();
        var users = new ArrayList<String>();
        vpcs.stream()
                .map(vpc -> vpc.getMetadata().getName())
                .filter(vpc -> name.equals(Names.clusterSecurityGroup(vpc)))
                .forEach(vpc -> users.add("VPC " + vpc + ", whose cluster security group it is"));
        groups.stream()
                .filter(other -> !other.getMetadata().getName().equals(name))
                .filter(other -> rules(other).anyMatch(rule -> name.equals(rule.group())))
                .forEach(other -> users.add("security group " + other.getMetadata().getName()));
        users.addAll(machines(machine -> carries(machine, name)));
        return users;
    }

    List<String> of(PrefixList list) {
        var name = list.getMetadata().getName();
        return groups.stream()
                .filter(group -> rules(group).anyMatch(rule -> name.equals(rule.prefixList())))
                .map(group -> "security group " + group.getMetadata().getName())
                .toList();
    }

    long machinesWith(SecurityGroup group) {
        return machines.stream()
                .filter(machine -> carries(machine, group.getMetadata().getName()))
                .count();
    }

    /// Addresses that machines may still get; those that rest after use count as free.
    long free(Subnet subnet) {
        var cidr = Cidr.parse(subnet.getSpec().cidr());
        var name = subnet.getMetadata().getName();
        var used =
                machines.stream()
                        .filter(machine -> machine.getSpec().network().subnet().equals(name))
                        .count();
        var hosts =
                vpcs.stream()
                        .map(vpc -> Cidr.parse(vpc.getSpec().cidrs().getFirst()))
                        .map(range -> range.base() + Defaults.HOST_OFFSET)
                        .filter(address -> cidr.contains(address) && !cidr.reserved(address))
                        .count();
        return Math.max(0, cidr.usableCount() - used - hosts);
    }

    /// What holds a deletion, in a sentence that stays short.
    static String held(List<String> users) {
        return "in use by "
                + String.join(", ", users.subList(0, Math.min(MOST_NAMED, users.size())))
                + (users.size() > MOST_NAMED
                        ? " and %d more".formatted(users.size() - MOST_NAMED)
                        : "");
    }

    private static boolean carries(Machine machine, String group) {
        var network = machine.getSpec().network();
        var own = network.securityGroups();
        return own == null || own.isEmpty()
                ? group.equals(Names.clusterSecurityGroup(network.vpc()))
                : own.contains(group);
    }

    private static Stream<SecurityGroupSpec.Rule> rules(SecurityGroup group) {
        return Stream.concat(
                orEmpty(group.getSpec().ingress()).stream(),
                orEmpty(group.getSpec().egress()).stream());
    }

    private List<String> machines(Predicate<Machine> which) {
        return machines.stream()
                .filter(which)
                .map(machine -> machine.getSpec().pod())
                .map(pod -> "pod " + pod.namespace() + "/" + pod.name())
                .toList();
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return Objects.requireNonNullElse(list, List.of());
    }
}
