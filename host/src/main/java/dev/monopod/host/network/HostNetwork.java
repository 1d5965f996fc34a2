package dev.monopod.host.network;

import dev.monopod.model.names.Defaults;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The host's side of the VPCs. Idempotent: each call brings the kernel to what it says, whatever
/// was there. Thread-safe.
public interface HostNetwork {
    /// Makes or mends a VPC's router: namespace, link to the host, routes, nftables.
    void ensureVpc(VpcNetwork vpc);

    /// Makes or mends the tap of one pod; returns its name and namespace.
    default Attachment attach(PodInterface podInterface) {
        return attach(podInterface, Optional.empty());
    }

    /// The same, but the pod's tap is one that a machine has open already: it comes into the pod's
    /// VPC, in place of what was there.
    Attachment attach(PodInterface podInterface, Optional<OpenTap> opened);

    void detach(String machineId);

    /// Removes the taps, routes and rules of all machines but these.
    void retainOnly(Collection<String> machineIds);

    /// Address of this host in a VPC; empty while its router is not made.
    Optional<String> hostAddress(String vpc);

    /// Sends what is for POD:10250 of these to the agent, from the host itself and from whatever
    /// passes a router here; nobody answers for other pods of this host. Replaces what was said
    /// before, also by an earlier agent.
    void serveKubelets(Collection<Kubelet> kubelets);

    /// Whether what is for POD:10250 of this address is sent to the agent by now.
    default boolean servesKubelet(String vpc, String address) {
        return true;
    }

    /// What has crossed the interfaces of these machines since they were made, as the host counted
    /// it; a machine without an interface is missing.
    Map<String, Traffic> traffic(Collection<String> machineIds);

    /// Removes everything of every VPC from this host.
    void removeAll();

    /// @param cidrs its ranges, the primary first
    /// @param hostAddress address of the host in the VPC: that of the first host is the range's
    ///   base + 4
    /// @param serviceCidr range of ClusterIPs, routed from the host through the VPC
    record VpcNetwork(String name, List<String> cidrs, String hostAddress, String serviceCidr) {
        public VpcNetwork {
            cidrs = List.copyOf(cidrs);
        }

        /// As the first host of a VPC with one range sees it.
        static VpcNetwork ofFirstHost(String name, String cidr, String serviceCidr) {
            return new VpcNetwork(
                    name,
                    List.of(cidr),
                    VpcRange.parse(cidr).address(Defaults.HOST_OFFSET),
                    serviceCidr);
        }

        /// What the host reaches through the VPC.
        List<String> ranges() {
            return Stream.concat(cidrs.stream(), Stream.of(serviceCidr)).toList();
        }
    }

    /// @param gateway next hop inside the guest, answered by proxy ARP
    record PodInterface(String machineId, String vpc, String address, String gateway, String mac) {}

    /// Where the agent answers for the Node of one pod.
    ///
    /// @param pod its address
    /// @param hostAddress address of this host in the pod's VPC, at which the agent listens
    /// @param port of the agent, for this Node alone
    record Kubelet(String vpc, String pod, String hostAddress, int port) {}

    /// A tap in the network namespace of the process that has it open. It ends with the process,
    /// wherever it is then.
    record OpenTap(long pid, String name) {}

    record Attachment(String networkNamespace, String tapName, int mtu) {}

    /// Counters of one interface, as its machine sees directions.
    record Traffic(Direction received, Direction sent) {
        public record Direction(long bytes, long packets, long errors, long dropped) {}
    }
}
