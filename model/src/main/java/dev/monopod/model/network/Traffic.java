package dev.monopod.model.network;

/// What a rule lets through, by protocol and port.
public sealed interface Traffic {
    Traffic ANY = new Any();

    /// Protocols with ports.
    enum Protocol {
        TCP,
        UDP,
        SCTP
    }

    /// Every protocol.
    record Any() implements Traffic {
        @Override
        public String toString() {
            return "all traffic";
        }
    }

    /// A range of destination ports.
    ///
    /// @param last inclusive
    record Ports(Protocol protocol, int first, int last) implements Traffic {
        public static final int LAST = 65_535;

        public Ports {
            if (first < 0 || last > LAST || first > last) {
                throw new IllegalArgumentException(
                        "ports %d-%d: a range within 0-%d".formatted(first, last, LAST));
            }
        }

        @Override
        public String toString() {
            if (first <= 1 && last == LAST) {
                return protocol.toString();
            }
            return protocol + " " + (first == last ? first : first + "-" + last);
        }
    }

    /// A port that the destination pod's containers name.
    record NamedPort(Protocol protocol, String name) implements Traffic {
        @Override
        public String toString() {
            return protocol + " " + name;
        }
    }

    /// ICMP messages.
    ///
    /// @param type -1: any
    /// @param code -1: any
    record Icmp(int type, int code) implements Traffic {
        public static final int ANY = -1;

        @Override
        public String toString() {
            return "ICMP"
                    + (type == ANY ? "" : " type " + type)
                    + (code == ANY ? "" : " code " + code);
        }
    }
}
