package dev.monopod.agent.pod.volume;

import dev.monopod.agent.pod.spec.ConfigurationException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/// Asks this host's resolver, as a kubelet's mount does: names of the cluster's Services are none
/// of its.
final class HostResolver implements NetworkVolumes.ServerAddresses {
    @Override
    public String of(String server) {
        try {
            return Arrays.stream(InetAddress.getAllByName(server))
                    .filter(Inet4Address.class::isInstance)
                    .map(InetAddress::getHostAddress)
                    .findFirst()
                    .orElseThrow(() ->
                            new ConfigurationException(
                                    "NFS server %s has no IPv4 address".formatted(server)));
        } catch (UnknownHostException e) {
            throw new ConfigurationException(
                    "Failed to resolve server %s: Name or service not known".formatted(server));
        }
    }
}
