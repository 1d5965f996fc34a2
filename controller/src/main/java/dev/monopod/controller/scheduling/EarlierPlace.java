package dev.monopod.controller.scheduling;

import dev.monopod.model.names.Names;
import dev.monopod.model.network.Cidr;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import java.util.Objects;
import java.util.Optional;

/// A place that an earlier scheduler had chosen when it ended: the address is claimed, and the
/// Machine was not created.
record EarlierPlace(String host, long address) {
    /// By the Machine's name.
    record Of(String machine, EarlierPlace place) {}

    /// @return empty if the Lease is no such claim: somebody else's, or a machine runs there
    static Optional<Of> of(Lease claim) {
        var labels = claim.getMetadata().getLabels();
        if (labels == null || !AddressClaim.untouched(claim)) {
            return Optional.empty();
        }
        var machine = labels.get(Names.MACHINE_LABEL);
        var host = labels.get(Names.HOST_LABEL);
        if (machine == null || host == null) {
            return Optional.empty();
        }
        return Names.address(claim.getMetadata().getName())
                .map(address -> new Of(machine, new EarlierPlace(host, Cidr.address(address))));
    }

    /// Whether both were claimed for one machine on one host, so that what is created for either
    /// has the same name and the same address.
    static boolean same(Lease one, Lease other) {
        var mine = of(one);
        return mine.isPresent() && Objects.equals(mine, of(other));
    }
}
