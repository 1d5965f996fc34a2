package dev.monopod.loadbalancing.rules;

import java.util.Map;
import java.util.Optional;

/// Which addresses machines have, and of which namespace's pods they are. Nothing else is a target:
/// tenants write EndpointSlices themselves, and a load balancer reaches more than they may.
///
/// @param namespaces of the pods, by the address of their machine
public record Machines(Map<String, String> namespaces) {
    public Machines {
        namespaces = Map.copyOf(namespaces);
    }

    /// Why a Service of a namespace does not lead to an address; empty if it may.
    Optional<String> refusal(String namespace, String address) {
        var owner = namespaces.get(address);
        return owner != null && owner.equals(namespace)
                ? Optional.empty()
                : Optional.of(
                        "%s is no address of a pod on Fargate in namespace %s"
                                .formatted(Readable.text(address), namespace));
    }
}
