package dev.monopod.loadbalancing.objects;

import dev.monopod.loadbalancing.rules.IngressGroups;
import dev.monopod.loadbalancing.rules.Owner;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import io.fabric8.kubernetes.api.model.networking.v1.ParentReference;
import io.fabric8.kubernetes.api.model.networking.v1.ParentReferenceBuilder;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// Which load balancer an `IPAddress` object of ours belongs to.
public final class AddressOwners {
    private AddressOwners() {}

    /// What the object's `parentRef` says of the owner.
    public static ParentReference parent(Owner owner) {
        return new ParentReferenceBuilder()
                .withGroup(owner.kind().group())
                .withResource(owner.kind().resource())
                .withNamespace(owner.namespace().isEmpty() ? Names.NO_NAMESPACE : owner.namespace())
                .withName(owner.name())
                .build();
    }

    /// Empty when the address belongs to no load balancer.
    ///
    /// @param address one of ours
    public static Optional<Owner> owner(IPAddress address) {
        var parent = address.getSpec().getParentRef();
        var group = Objects.requireNonNullElse(parent.getGroup(), "");
        return Arrays.stream(Owner.Kind.values())
                .filter(kind ->
                        kind.group().equals(group) && kind.resource().equals(parent.getResource()))
                .findFirst()
                .map(kind ->
                        new Owner(
                                kind,
                                kind == Owner.Kind.INGRESS_GROUP
                                                && IngressGroups.shared(parent.getName())
                                        ? ""
                                        : parent.getNamespace(),
                                parent.getName()));
    }

    /// The addresses by their load balancers.
    ///
    /// @param ours all of them ours
    public static Map<Owner, String> byOwner(Collection<IPAddress> ours) {
        var found = new HashMap<Owner, String>();
        for (var address : ours) {
            owner(address).ifPresent(owner -> found.put(owner, address.getMetadata().getName()));
        }
        return found;
    }
}
