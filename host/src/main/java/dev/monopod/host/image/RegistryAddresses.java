package dev.monopod.host.image;

import dev.monopod.model.network.Cidr;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/// Where the host connects to for an image. Whoever writes a pod names a registry, and a registry
/// names hosts for tokens and blobs: neither may make the host speak to itself, to metadata
/// services or to what only the cluster should reach, unless the operator named that host in
/// `registries.json`. A name is resolved once, and the connection goes to what was checked, so that
/// a second answer of its server makes no difference.
final class RegistryAddresses {
    private final Resolver resolver;
    private final Supplier<List<Cidr>> own;
    private final Set<String> named;

    /// As [InetAddress#getAllByName].
    @FunctionalInterface
    interface Resolver {
        InetAddress[] addresses(String host) throws UnknownHostException;
    }

    /// @param own ranges of the VPCs and of Services
    /// @param named `host[:port]` of the hosts that `registries.json` names
    RegistryAddresses(Resolver resolver, Supplier<List<Cidr>> own, Set<String> named) {
        this.resolver = resolver;
        this.own = own;
        this.named = Set.copyOf(named);
    }

    /// The addresses of a host that may be connected to; at least one.
    ///
    /// @param authority `host[:port]`, as `registries.json` would name it
    /// @throws IOException when it has none
    List<InetAddress> of(String host, String authority) throws IOException {
        InetAddress[] all;
        try {
            all = resolver.addresses(host);
        } catch (UnknownHostException e) {
            throw new IOException("unknown host", e);
        }
        if (named.contains(authority)) {
            return List.of(all);
        }
        var ranges = own.get();
        var allowed = Arrays.stream(all).filter(address -> !refused(address, ranges)).toList();
        if (allowed.isEmpty()) {
            throw new IOException(
                    "%s has the address %s, which is the host's own, link-local, or of a VPC or Service: name it in registries.json if that is meant"
                            .formatted(authority, all[0].getHostAddress()));
        }
        return allowed;
    }

    /// Whether a proxy may be asked for a host. Names that only the proxy knows may; what is known
    /// here to be refused is refused, since the proxy may stand on this very machine.
    ///
    /// @throws IOException when it may not
    void checkBehindProxy(String host, String authority) throws IOException {
        try {
            resolver.addresses(host);
        } catch (UnknownHostException _) {
            return;
        }
        of(host, authority);
    }

    private static boolean refused(InetAddress address, List<Cidr> own) {
        if (address.isLoopbackAddress()
                || address.isAnyLocalAddress()
                || address.isLinkLocalAddress()
                || address.isMulticastAddress()) {
            return true;
        }
        if (!(address instanceof Inet4Address)) {
            // Between the host and its cluster there is no IPv6 (ADR 27). What is not global may be
            // a way around that, as fd00:ec2::254 is to a metadata service, or carry an IPv4
            // address within: 6to4, Teredo, NAT64.
            var bytes = address.getAddress();
            var global = (bytes[0] & 0xe0) == 0x20;
            var carries =
                    bytes[0] == 0x20 && (bytes[1] == 0x02 || bytes[1] == 0x01 && bytes[2] == 0);
            return !global || carries;
        }
        var number = Cidr.address(address.getHostAddress());
        return number >>> 24 == 0
                || number == 0xFFFF_FFFFL
                || own.stream().anyMatch(range -> range.contains(number));
    }
}
