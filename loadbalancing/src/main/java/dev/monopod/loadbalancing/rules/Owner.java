package dev.monopod.loadbalancing.rules;

import java.util.Comparator;

/// What asks for a load balancer, and so for an address.
///
/// @param namespace empty for a group of Ingresses of several namespaces
public record Owner(Kind kind, String namespace, String name) implements Comparable<Owner> {
    private static final Comparator<Owner> ORDER =
            Comparator.comparing(Owner::kind)
                    .thenComparing(Owner::namespace)
                    .thenComparing(Owner::name);

    /// The API group and resource stand in the `IPAddress` that belongs to the owner.
    public enum Kind {
        SERVICE("", "services"),
        INGRESS("networking.k8s.io", "ingresses"),
        INGRESS_GROUP("ingress.k8s.aws", "groups"),
        GATEWAY("gateway.networking.k8s.io", "gateways");

        private final String group;
        private final String resource;

        Kind(String group, String resource) {
            this.group = group;
            this.resource = resource;
        }

        public String group() {
            return group;
        }

        public String resource() {
            return resource;
        }
    }

    /// A name of lower-case letters, digits and hyphens that no other owner has.
    public String key() {
        return kind.resource().charAt(0)
                + "-"
                + ReadableName.of(namespace, name, kind.resource() + "/" + namespace + "/" + name);
    }

    @Override
    public int compareTo(Owner other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return kind.resource() + "/" + (namespace.isEmpty() ? "" : namespace + "/") + name;
    }
}
