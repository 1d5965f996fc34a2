package dev.monopod.kube.mapping;

import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineSpec;
import dev.monopod.kube.api.PrefixList;
import dev.monopod.kube.api.SecurityGroup;
import dev.monopod.kube.api.Subnet;
import dev.monopod.kube.api.Vpc;
import dev.monopod.model.names.Defaults;
import dev.monopod.model.names.Names;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.network.NetworkFacts;
import dev.monopod.model.network.PodInterface;
import dev.monopod.model.network.RuleSet;
import dev.monopod.model.network.Traffic.Protocol;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// All objects of a cluster that decide which packets pass, as lists of the API server or of
/// watches.
public record NetworkObjects(
        List<Vpc> vpcs,
        List<Subnet> subnets,
        List<SecurityGroup> groups,
        List<PrefixList> prefixLists,
        List<NetworkPolicy> policies,
        List<Namespace> namespaces,
        List<Machine> machines,
        List<Pod> pods,
        List<Host> hosts,
        List<Node> nodes) {

    /// What of them decides.
    ///
    /// Members of a VPC's cluster security group are, as in EKS: its pods without other groups, the
    /// hosts (which stand for the control plane), ordinary nodes and their pods, and the VPC's
    /// public subnets, in which only load balancers stand.
    public NetworkFacts facts() {
        var lists =
                prefixLists.stream()
                        .collect(
                                Collectors.toMap(
                                        list -> list.getMetadata().getName(), Function.identity()));
        var rules = new HashMap<String, RuleSet>();
        groups.forEach(group ->
                rules.put(
                        group.getMetadata().getName(), SecurityGroups.read(group, lists).rules()));
        var labels = new HashMap<String, Map<String, String>>();
        namespaces.forEach(
                each -> labels.put(each.getMetadata().getName(), labels(each.getMetadata())));
        var control = hostAddresses();
        return new NetworkFacts(
                rules,
                policies.stream().map(policy -> NetworkPolicies.read(policy).policy()).toList(),
                labels,
                interfaces(),
                members(control),
                Routes.of(vpcs, subnets, control),
                control);
    }

    private List<Cidr> hostAddresses() {
        var addresses = new LinkedHashSet<Cidr>();
        for (var vpc : vpcs) {
            Unreadable.or(Optional.<Cidr>empty(), () -> Optional.of(firstHost(vpc)))
                    .ifPresent(addresses::add);
        }
        for (var host : hosts) {
            if (host.getStatus() != null) {
                add(host.getStatus().address(), addresses);
            }
        }
        return List.copyOf(addresses);
    }

    private static Cidr firstHost(Vpc vpc) {
        var range = Cidr.parse(vpc.getSpec().cidrs().getFirst());
        return new Cidr(range.base() + Defaults.HOST_OFFSET, 32);
    }

    private Map<String, List<Cidr>> members(List<Cidr> control) {
        var nodeAddresses = new LinkedHashSet<Cidr>();
        for (var node : nodes) {
            if (!node.getMetadata().getName().startsWith(Names.NODE_PREFIX)
                    && node.getStatus() != null) {
                node.getStatus().getAddresses().stream()
                        .filter(address -> address.getType().endsWith("IP"))
                        .forEach(address -> add(address.getAddress(), nodeAddresses));
            }
        }
        var members = new HashMap<String, List<Cidr>>();
        for (var vpc : vpcs) {
            var all = new LinkedHashSet<Cidr>(control);
            all.addAll(nodeAddresses);
            subnets.stream()
                    .flatMap(subnet ->
                            Unreadable.or(Optional.<Cidr>empty(), () -> balancers(subnet, vpc))
                                    .stream())
                    .forEach(all::add);
            members.put(Names.clusterSecurityGroup(vpc.getMetadata().getName()), List.copyOf(all));
        }
        return members;
    }

    /// Where load balancers of the VPC stand.
    private static Optional<Cidr> balancers(Subnet subnet, Vpc vpc) {
        return subnet.getSpec().vpc().equals(vpc.getMetadata().getName())
                        && Profiles.isPublic(subnet)
                ? Optional.of(Cidr.parse(subnet.getSpec().cidr()))
                : Optional.empty();
    }

    private static void add(@Nullable String address, Set<Cidr> addresses) {
        if (address != null && address.indexOf(':') < 0 && !address.isEmpty()) {
            Unreadable.or(
                            Optional.<Cidr>empty(),
                            () -> Optional.of(new Cidr(Cidr.address(address), 32)))
                    .ifPresent(addresses::add);
        }
    }

    /// A Machine's address is known before its pod has one, so that no rule comes late.
    private List<PodInterface> interfaces() {
        var byUid =
                pods.stream()
                        .collect(
                                Collectors.toMap(
                                        pod -> pod.getMetadata().getUid(),
                                        Function.identity(),
                                        (one, _) -> one));
        var all = new ArrayList<PodInterface>();
        var ours = new HashSet<String>();
        for (var machine : machines) {
            var uid = machine.getSpec().pod().uid();
            ours.add(uid);
            var pod = byUid.get(uid);
            if (pod != null) {
                // A pod without an interface here has no rules, and so no network.
                Unreadable.or(Optional.<PodInterface>empty(), () -> Optional.of(of(pod, machine)))
                        .ifPresent(all::add);
            }
        }
        var clusterGroups =
                vpcs.stream()
                        .map(vpc -> Names.clusterSecurityGroup(vpc.getMetadata().getName()))
                        .toList();
        for (var pod : pods) {
            if (!ours.contains(pod.getMetadata().getUid()) && isOrdinary(pod)) {
                Unreadable.or(
                                Optional.<PodInterface>empty(),
                                () ->
                                        Optional.of(
                                                of(
                                                        pod,
                                                        pod.getStatus().getPodIP(),
                                                        "",
                                                        clusterGroups)))
                        .ifPresent(all::add);
            }
        }
        return all;
    }

    private static PodInterface of(Pod pod, Machine machine) {
        var network = machine.getSpec().network();
        return of(pod, network.address(), network.subnet(), groups(network));
    }

    /// On a Node that is not ours, with an IPv4 address of its own that it still uses.
    private static boolean isOrdinary(Pod pod) {
        var status = pod.getStatus();
        return status != null
                && status.getPodIP() != null
                && status.getPodIP().indexOf(':') < 0
                && !Boolean.TRUE.equals(pod.getSpec().getHostNetwork())
                && !PodPhases.ended(pod)
                && !Names.SCHEDULER_NAME.equals(pod.getSpec().getSchedulerName());
    }

    private static List<String> groups(MachineSpec.Interface network) {
        var groups = network.securityGroups();
        return groups == null || groups.isEmpty()
                ? List.of(Names.clusterSecurityGroup(network.vpc()))
                : groups;
    }

    private static PodInterface of(Pod pod, String address, String subnet, List<String> groups) {
        var ports = new HashSet<PodInterface.Port>();
        ports(pod.getSpec().getContainers(), ports);
        ports(pod.getSpec().getInitContainers(), ports);
        // Throws where it is none: it stands in rules.
        var checked = Cidr.text(Cidr.address(address));
        return new PodInterface(
                pod.getMetadata().getNamespace(),
                pod.getMetadata().getName(),
                labels(pod.getMetadata()),
                checked,
                subnet,
                groups,
                ports);
    }

    private static void ports(@Nullable List<Container> containers, Set<PodInterface.Port> found) {
        for (var container : Objects.requireNonNullElse(containers, List.<Container>of())) {
            for (var port : container.getPorts()) {
                if (port.getName() != null) {
                    found.add(
                            new PodInterface.Port(
                                    port.getName(),
                                    Protocol.valueOf(
                                            Objects.requireNonNullElse(port.getProtocol(), "TCP")),
                                    port.getContainerPort()));
                }
            }
        }
    }

    private static Map<String, String> labels(ObjectMeta metadata) {
        return Objects.requireNonNullElse(metadata.getLabels(), Map.of());
    }
}
