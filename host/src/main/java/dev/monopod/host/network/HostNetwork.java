package dev.monopod.host.network;

import dev.monopod.model.names.Defaults;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The host's side of the VPCs. Idempotent: each call brings the kernel to what it says, whatever
/// was there. Thread-safe.
public interface HostNetwork {
    /// Makes or mends a VPC's router: namespace, link to the host, routes, nftables.
    void ensureVpc(VpcNetwork vpc);

    /// Makes or mends the tap of one pod; returns its name and namespace.
    Attachment attach(PodInterface podInterface);

    void detach(String machineId);

    /// Removes the taps, routes and rules of all machines but these.
    void retainOnly(Collection<String> machineIds);

    /// What has crossed the interfaces of these machines since they were made, as the host counted
    /// it; a machine without an interface is missing.
    Map<String, Traffic> traffic(Collection<String> machineIds);

    /// Removes everything of every VPC from this host.
    void removeAll();

    /// @param cidrs its ranges, the primary first
    /// @param hostAddress address of the host in the VPC: that of the first host is the range's
    ///   base + 4
    /// @param serviceCidr range of ClusterIPs, routed from the host through the VPC
    /// @param kubeletPort where the agent's kubelet listens on this host; traffic from the host to
    ///   POD:10250 is redirected to it
    record VpcNetwork(
            String name,
            List<String> cidrs,
            String hostAddress,
            String serviceCidr,
            int kubeletPort) {
        public VpcNetwork {
            cidrs = List.copyOf(cidrs);
        }

        /// As the first host of a VPC with one range sees it.
        static VpcNetwork ofFirstHost(
                String name, String cidr, String serviceCidr, int kubeletPort) {
            return new VpcNetwork(
                    name,
                    List.of(cidr),
                    VpcRange.parse(cidr).address(Defaults.HOST_OFFSET),
                    serviceCidr,
                    kubeletPort);
        }

        /// What the host reaches through the VPC.
        List<String> ranges() {
            return Stream.concat(cidrs.stream(), Stream.of(serviceCidr)).toList();
        }
    }

    /// @param gateway next hop inside the guest, answered by proxy ARP
    record PodInterface(
            String machineId,
            String vpc,
            String address,
            String gateway,
            String mac,
            long ownerUid) {}

    record Attachment(String networkNamespace, String tapName, int mtu) {}

    /// Counters of one interface, as its machine sees directions.
    record Traffic(Direction received, Direction sent) {
        public record Direction(long bytes, long packets, long errors, long dropped) {}
    }
}
