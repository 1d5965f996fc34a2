package dev.monopod.host.network;

import java.util.List;
import java.util.regex.Pattern;

/// How this host is reached by other hosts.
///
/// @param address of this host
/// @param mtu of the link that has it
public record Underlay(String address, int mtu) {
    /// Outer Ethernet, IPv4, UDP and VXLAN headers.
    private static final int OVERHEAD = 50;

    private static final int MOST = 1500;
    private static final Pattern DEVICE = Pattern.compile("^\\d+: ([^\\s@]+)");
    private static final Pattern SIZE = Pattern.compile("\\bmtu (\\d+)");

    /// @throws NetworkException when no link of this host has the address
    public static Underlay of(String address) {
        var command = HostCommand.ofThisHost();
        var device =
                DEVICE.matcher(
                        command.run(
                                List.of("ip", "-4", "-o", "address", "show", "to", address), ""));
        if (!device.find()) {
            throw new NetworkException(
                    "underlay address %s: no link of this host has it".formatted(address));
        }
        var size =
                SIZE.matcher(command.run(List.of("ip", "-o", "link", "show", device.group(1)), ""));
        return new Underlay(address, size.find() ? Integer.parseInt(size.group(1)) : MOST);
    }

    /// The largest packet of a pod that reaches pods of other hosts in one piece; no more than
    /// Ethernet's usual one.
    public int podMtu() {
        return Math.min(MOST, mtu - OVERHEAD);
    }
}
