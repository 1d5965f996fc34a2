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

        @Override
        public String toString() {
            return cidr + (except.isEmpty() ? "" : " except " + except);
        }
    }

    /// The interfaces that a security group is on.
    record Members(String group) implements Peer {
        /// Differs where the group does.
        String key() {
            return "members " + quoted(group);
        }

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
        /// Differs where the meaning does, whatever stands in the labels.
        String key() {
            return "pods "
                    + namespace.map(Peer::quoted).orElseGet(namespaces::key)
                    + " "
                    + pods.key();
        }

        @Override
        public String toString() {
            return "pods "
                    + pods
                    + " in "
                    + namespace.orElseGet(() -> "namespaces " + namespaces.toString());
        }
    }

    /// Text that ends where it says, so that two lists of texts never read the same.
    static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
