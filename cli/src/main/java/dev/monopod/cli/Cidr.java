package dev.monopod.cli;

/// An IPv4 range; its address has no bit set beyond the prefix.
record Cidr(int address, int prefix) {
    Cidr {
        if (prefix < 0 || prefix > 32) {
            throw new IllegalArgumentException("prefix length " + prefix);
        }
        address = address & mask(prefix);
    }

    /// Reads `192.168.0.0/16`; a plain address is a range of one, `default` is everything.
    static Cidr parse(String text) {
        if (text.equals("default")) {
            return new Cidr(0, 0);
        }
        String[] parts = text.split("/", -1);
        String[] bytes = parts[0].split("\\.", -1);
        if (parts.length > 2 || bytes.length != 4) {
            throw new IllegalArgumentException("not an IPv4 range: " + text);
        }
        int address = 0;
        for (String part : bytes) {
            int value = Integer.parseInt(part);
            if (value < 0 || value > 255) {
                throw new IllegalArgumentException("not an IPv4 range: " + text);
            }
            address = address << 8 | value;
        }
        return new Cidr(address, parts.length == 2 ? Integer.parseInt(parts[1]) : 32);
    }

    boolean overlaps(Cidr other) {
        int shorter = Math.min(prefix, other.prefix);
        return (address & mask(shorter)) == (other.address & mask(shorter));
    }

    /// The n-th address of the range.
    String host(int offset) {
        return dotted(address + offset);
    }

    @Override
    public String toString() {
        return dotted(address) + "/" + prefix;
    }

    private static int mask(int prefix) {
        return prefix == 0 ? 0 : -1 << (32 - prefix);
    }

    private static String dotted(int address) {
        return "%d.%d.%d.%d"
                .formatted(
                        address >>> 24, address >>> 16 & 255, address >>> 8 & 255, address & 255);
    }
}
