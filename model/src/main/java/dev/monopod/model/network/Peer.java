package dev.monopod.model.network;

import java.util.List;
import java.util.Optional;

/// With whom a rule lets traffic pass: sources of an ingress rule, destinations of an egress rule.
public sealed interface Peer {
    Peer ANYONE = new Anyone();

    /// Any address.
    record Anyone() implements Peer {
        @Override
        public String toString() {
            return "anyone";
        }
    }

    /// A range of addresses, less some within it.
    record Range(Cidr cidr, List<Cidr> except) implements Peer {
        public Range {
            except = List.copyOf(except);
        }

        public Range(Cidr cidr) {
            this(cidr, List.of());
        }

        boolean contains(long address) {
            return cidr.contains(address)
                    && except.stream().noneMatch(part -> part.contains(address));
        }

        @Override
        public String toString() {
            return cidr + (except.isEmpty() ? "" : " except " + except);
        }
    }

    /// The interfaces that a security group is on.
    record Members(String group) implements Peer {
        @Override
        public String toString() {
            return group;
        }
    }

    /// Pods by label.
    ///
    /// @param namespace where, if the namespace is named
    /// @param namespaces where, by the namespace's labels; ignored if it is named
    record Pods(Optional<String> namespace, LabelQuery namespaces, LabelQuery pods)
            implements Peer {
        @Override
        public String toString() {
            return "pods "
                    + pods
                    + " in "
                    + namespace.orElseGet(() -> "namespaces " + namespaces.toString());
        }
    }
}
