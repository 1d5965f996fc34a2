package dev.monopod.controller.scheduling;

import dev.monopod.kube.api.Machine;
import dev.monopod.model.names.Names;
import dev.monopod.model.time.Moment;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An address, taken for a machine that is about to be created: the Lease of the machine's Node,
/// which is named by the address, so that it can exist once. The agent renews it, and removes it
/// when the interface is gone. What no machine came of, the next scheduler takes over for the same
/// machine, or [LeftoverClaims] removes.
///
/// @param lease as the API server has it
/// @param asked when it was asked for, by the clocks of this process
record AddressClaim(Lease lease, Moment asked) {
    static final String NAMESPACE = "kube-node-lease";

    /// Afterwards no Machine is created for it. Far less than [LeftoverClaims#LONGEST], so that a
    /// process which was stopped in between creates none for a claim that another's is by then.
    private static final Duration LASTS = Duration.ofSeconds(30);

    private static final int LEASE_SECONDS = 40;

    /// What has to be created to claim the machine's address.
    static Lease of(Machine machine, Instant now) {
        var spec = machine.getSpec();
        // As exact as the API server keeps it.
        var time = now.truncatedTo(ChronoUnit.MICROS).atZone(ZoneOffset.UTC);
        return new LeaseBuilder()
                .withNewMetadata()
                .withName(spec.nodeName())
                .withNamespace(NAMESPACE)
                .addToLabels(Names.MACHINE_LABEL, machine.getMetadata().getName())
                .addToLabels(Names.HOST_LABEL, spec.host())
                .endMetadata()
                .withNewSpec()
                .withHolderIdentity(spec.nodeName())
                .withLeaseDurationSeconds(LEASE_SECONDS)
                .withAcquireTime(time)
                .withRenewTime(time)
                .endSpec()
                .build();
    }

    /// Whether both are one claim: of the same machine, and of the same moment.
    static boolean same(Lease one, Lease other) {
        @Nullable ZonedDateTime time = one.getSpec().getAcquireTime();
        return time != null
                && Objects.equals(machine(one), machine(other))
                && time.isEqual(other.getSpec().getAcquireTime());
    }

    /// Whether nobody has renewed it: an agent does as soon as it has the machine.
    static boolean untouched(Lease lease) {
        @Nullable ZonedDateTime acquired = lease.getSpec().getAcquireTime();
        @Nullable ZonedDateTime renewed = lease.getSpec().getRenewTime();
        return acquired != null && renewed != null && acquired.isEqual(renewed);
    }

    private static @Nullable String machine(Lease lease) {
        var labels = lease.getMetadata().getLabels();
        return labels == null ? null : labels.get(Names.MACHINE_LABEL);
    }

    /// Whether it is young enough by both clocks: the steady one stands still while the machine is
    /// suspended, and a wall clock that was set tells nothing.
    boolean lasts(Moment now) {
        return young(asked.wall(), now.wall()) && young(asked.steady(), now.steady());
    }

    private static boolean young(Instant from, Instant to) {
        var age = Duration.between(from, to);
        return !age.isNegative() && age.compareTo(LASTS) <= 0;
    }
}
