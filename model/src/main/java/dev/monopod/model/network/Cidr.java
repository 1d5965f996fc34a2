package dev.monopod.model.network;

import java.util.stream.LongStream;
import java.util.stream.Stream;

/// An IPv4 range. The first four addresses and the last are reserved, as in every AWS subnet.
///
/// @param base the first address, as a number
/// @param prefix 0 to 32
public record Cidr(long base, int prefix) {
    private static final int RESERVED_AT_START = 4;
    private static final long ALL = 0xFFFF_FFFFL;

    public Cidr {
        if (prefix < 0 || prefix > 32) {
            throw new IllegalArgumentException("prefix must be 0 to 32, is " + prefix);
        }
        if (base < 0 || base > ALL || (base & ~mask(prefix)) != 0) {
            throw new IllegalArgumentException(
                    text(base) + "/" + prefix + " has bits set beyond its prefix");
        }
    }

    /// Reads `192.168.0.0/16`.
    ///
    /// @throws IllegalArgumentException if it is anything else; the message says what
    public static Cidr parse(String range) {
        var slash = range.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("'" + range + "' is not an IPv4 range: no prefix");
        }
        return new Cidr(address(range.substring(0, slash)), number(range.substring(slash + 1), 32));
    }

    /// The range of that prefix around an address: `192.168.7.9/16` means `192.168.0.0/16`, and a
    /// plain address a range of one.
    ///
    /// @throws IllegalArgumentException if it is anything else; the message says what
    public static Cidr around(String text) {
        var slash = text.indexOf('/');
        var prefix = slash < 0 ? 32 : number(text.substring(slash + 1), 32);
        return new Cidr(
                address(slash < 0 ? text : text.substring(0, slash)) & mask(prefix), prefix);
    }

    /// The number of an address such as `192.168.0.1`.
    public static long address(String dotted) {
        var parts = dotted.split("\\.", -1);
        if (parts.length != 4) {
            throw new IllegalArgumentException("'" + dotted + "' is not an IPv4 address");
        }
        long address = 0;
        for (var part : parts) {
            address = address << 8 | number(part, 255);
        }
        return address;
    }

    /// The dotted form of an address.
    public static String text(long address) {
        return (address >> 24 & 255)
                + "."
                + (address >> 16 & 255)
                + "."
                + (address >> 8 & 255)
                + "."
                + (address & 255);
    }

    /// How many addresses it spans, reserved ones included.
    public long size() {
        return 1L << (32 - prefix);
    }

    /// The last address.
    public long last() {
        return base + size() - 1;
    }

    /// Whether the address lies within.
    public boolean contains(String address) {
        return contains(address(address));
    }

    /// Whether the address lies within.
    public boolean contains(long address) {
        return address >= base && address <= last();
    }

    /// Whether the other range lies wholly within.
    public boolean contains(Cidr other) {
        return contains(other.base) && contains(other.last());
    }

    /// Whether any address is in both.
    public boolean overlaps(Cidr other) {
        return base <= other.last() && other.base <= last();
    }

    /// The address at this offset, dotted.
    public String at(long offset) {
        if (offset < 0 || offset >= size()) {
            throw new IllegalArgumentException(this + " has no address at offset " + offset);
        }
        return text(base + offset);
    }

    /// The subnet's first address: where its router answers.
    public String gateway() {
        return at(1);
    }

    /// Whether no interface may have the address: one of the first four or the last.
    public boolean reserved(long address) {
        return contains(address) && (address - base < RESERVED_AT_START || address == last());
    }

    /// How many addresses interfaces may have.
    public long usableCount() {
        return Math.max(0, size() - RESERVED_AT_START - 1);
    }

    /// The addresses that interfaces may have, ascending.
    public LongStream usable() {
        return usableCount() == 0
                ? LongStream.empty()
                : LongStream.range(base + RESERVED_AT_START, last());
    }

    /// As [#usable()], dotted.
    public Stream<String> usableAddresses() {
        return usable().mapToObj(Cidr::text);
    }

    @Override
    public String toString() {
        return text(base) + "/" + prefix;
    }

    private static long mask(int prefix) {
        return ALL << (32 - prefix) & ALL;
    }

    private static int number(String digits, int greatest) {
        var canonical =
                digits.length() <= 3
                        && !digits.isEmpty()
                        && digits.chars().allMatch(digit -> digit >= '0' && digit <= '9')
                        && (digits.length() == 1 || digits.charAt(0) != '0');
        if (!canonical || Integer.parseInt(digits) > greatest) {
            throw new IllegalArgumentException(
                    "'" + digits + "' is not a number from 0 to " + greatest);
        }
        return Integer.parseInt(digits);
    }
}
