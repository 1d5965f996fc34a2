package dev.monopod.host.network;

/// An IPv4 range of a VPC, for the few addresses in it that are fixed: base + 1 is the router, base
/// + 4 the host.
///
/// @param base first address, as an unsigned 32-bit number
/// @param prefixLength 0 to 32
record VpcRange(long base, int prefixLength) {
    static final int ROUTER_OFFSET = 1;

    /// @throws IllegalArgumentException naming the text, if it is no range with zero host bits
    static VpcRange parse(String cidr) {
        var slash = cidr.indexOf('/');
        var octets = slash < 0 ? new String[0] : cidr.substring(0, slash).split("\\.", -1);
        try {
            if (octets.length == 4) {
                var base = 0L;
                for (var octet : octets) {
                    var value = Integer.parseInt(octet);
                    if (value < 0 || value > 255) {
                        throw new NumberFormatException(octet);
                    }
                    base = base << 8 | value;
                }
                var prefixLength = Integer.parseInt(cidr.substring(slash + 1));
                if (prefixLength >= 0
                        && prefixLength <= 28
                        && (base & ((1L << (32 - prefixLength)) - 1)) == 0) {
                    return new VpcRange(base, prefixLength);
                }
            }
        } catch (NumberFormatException e) {
            // Told below, with the whole text.
        }
        throw new IllegalArgumentException(
                "cidr: \"" + cidr + "\" is not an IPv4 range of /28 or larger with zero host bits");
    }

    String address(int offset) {
        var value = base + offset;
        return "%d.%d.%d.%d"
                .formatted(value >> 24 & 255, value >> 16 & 255, value >> 8 & 255, value & 255);
    }
}
