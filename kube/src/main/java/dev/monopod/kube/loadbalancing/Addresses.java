package dev.monopod.kube.loadbalancing;

import dev.monopod.kube.api.Names;
import dev.monopod.model.loadbalancing.Owner;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddressBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.ParentReference;
import io.fabric8.kubernetes.api.model.networking.v1.ParentReferenceBuilder;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// The addresses of load balancers, as `IPAddress` objects of Kubernetes: one is named by its
/// address, so creating it is what gives the address away, and it can be given once. Its label
/// names the host that serves it.
public final class Addresses {
    private static final String MANAGED_BY = "ipaddress.kubernetes.io/managed-by";
    private static final String MANAGER = "monopod";

    /// Of owners without a namespace, such as a group of Ingresses or a host; the API wants one.
    public static final String NO_NAMESPACE = "none";

    private Addresses() {}

    /// The object that gives the address to the owner.
    public static IPAddress object(String address, Owner owner, String host) {
        var parent =
                new ParentReferenceBuilder()
                        .withGroup(owner.kind().group())
                        .withResource(owner.kind().resource())
                        .withNamespace(
                                owner.namespace().isEmpty() ? NO_NAMESPACE : owner.namespace())
                        .withName(owner.name())
                        .build();
        return object(address, parent, host);
    }

    /// The object that gives the address away.
    ///
    /// @param parent whose it is
    public static IPAddress object(String address, ParentReference parent, String host) {
        return new IPAddressBuilder()
                .withNewMetadata()
                .withName(address)
                .addToLabels(MANAGED_BY, MANAGER)
                .addToLabels(Names.HOST_LABEL, host)
                .endMetadata()
                .withNewSpec()
                .withParentRef(parent)
                .endSpec()
                .build();
    }

    /// Whether it is one of ours.
    public static boolean ours(IPAddress address) {
        var labels = address.getMetadata().getLabels();
        return labels != null && MANAGER.equals(labels.get(MANAGED_BY));
    }

    public static String host(IPAddress address) {
        return Objects.requireNonNullElse(
                address.getMetadata().getLabels().get(Names.HOST_LABEL), "");
    }

    /// Empty for an object that nobody of ours made.
    public static Optional<Owner> owner(IPAddress address) {
        if (!ours(address)) {
            return Optional.empty();
        }
        var parent = address.getSpec().getParentRef();
        var group = Objects.requireNonNullElse(parent.getGroup(), "");
        return Arrays.stream(Owner.Kind.values())
                .filter(kind ->
                        kind.group().equals(group) && kind.resource().equals(parent.getResource()))
                .findFirst()
                .map(kind ->
                        new Owner(
                                kind,
                                kind == Owner.Kind.INGRESS_GROUP ? "" : parent.getNamespace(),
                                parent.getName()));
    }

    /// The addresses that a host serves.
    public static Map<Owner, String> ofHost(Collection<IPAddress> all, String host) {
        var found = new HashMap<Owner, String>();
        for (var address : all) {
            if (ours(address) && host(address).equals(host)) {
                owner(address)
                        .ifPresent(owner -> found.put(owner, address.getMetadata().getName()));
            }
        }
        return found;
    }
}
