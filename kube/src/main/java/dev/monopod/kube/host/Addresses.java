package dev.monopod.kube.host;

import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddressBuilder;
import io.fabric8.kubernetes.api.model.networking.v1.ParentReference;
import java.util.Objects;

/// The addresses that hosts serve, as `IPAddress` objects of Kubernetes: one is named by its
/// address, so creating it is what gives the address away, and it can be given once. Its label
/// names the host that serves it.
public final class Addresses {
    private static final String MANAGED_BY = "ipaddress.kubernetes.io/managed-by";
    private static final String MANAGER = "monopod";

    private Addresses() {}

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

    /// The host that serves it, empty without one.
    public static String host(IPAddress address) {
        return Objects.requireNonNullElse(
                address.getMetadata().getLabels().get(Names.HOST_LABEL), "");
    }
}
