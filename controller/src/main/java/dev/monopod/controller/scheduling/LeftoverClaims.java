package dev.monopod.controller.scheduling;

import dev.monopod.controller.ClusterView;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.client.ApiCall;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Gives back addresses that were claimed, and that no machine has: a scheduler ended between the
/// claim and the Machine, say, or an agent could not remove the Lease. One goes when nobody has
/// written to it for [#LONGEST], and the API server itself has no Machine for it; an agent that
/// still runs a machine renews its Lease, so that address stays taken. One thread does all.
public final class LeftoverClaims implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LeftoverClaims.class);

    /// A scheduler that was stopped for longer creates no Machine for its claim any more.
    static final Duration LONGEST = Duration.ofMinutes(10);

    private static final Duration PERIOD = Duration.ofMinutes(2);

    /// When a claim has gone, at the latest.
    static final Duration LONGEST_WITHOUT_MACHINE = LONGEST.plus(PERIOD);

    private final KubernetesClient client;
    private final Supplier<List<Machine>> machines;
    private final LongSupplier nanoTime;

    /// By the Lease's name.
    private final Map<String, Sight> unused = new HashMap<>();

    private final Loop loop;

    /// @param version the Lease's, which every renewal changes
    /// @param sinceNanos when this version was first seen without a machine
    private record Sight(String version, long sinceNanos) {}

    public LeftoverClaims(KubernetesClient client, ClusterView cluster, Loops loops) {
        this(client, cluster::machines, loops, System::nanoTime);
    }

    /// @param machines what the watch shows; it may lag
    LeftoverClaims(
            KubernetesClient client,
            Supplier<List<Machine>> machines,
            Loops loops,
            LongSupplier nanoTime) {
        this.client = client;
        this.machines = machines;
        this.nanoTime = nanoTime;
        this.loop = loops.loop("leftover-claims", Pace.every(PERIOD), this::sweep);
    }

    public void start() {
        loop.start();
    }

    @Override
    public void close() {
        loop.close();
    }

    void sweep() {
        var used = new HashSet<String>();
        machines.get().forEach(machine -> used.add(machine.getSpec().nodeName()));
        var claims =
                client.leases()
                        .inNamespace(AddressClaim.NAMESPACE)
                        .withLabel(Names.MACHINE_LABEL)
                        .list()
                        .getItems();
        claims.removeIf(claim -> used.contains(name(claim)));
        unused.keySet().retainAll(claims.stream().map(LeftoverClaims::name).toList());
        var now = nanoTime.getAsLong();
        for (var claim : claims) {
            var version = claim.getMetadata().getResourceVersion();
            var sight =
                    unused.compute(
                            name(claim),
                            (_, before) ->
                                    before != null && before.version().equals(version)
                                            ? before
                                            : new Sight(version, now));
            if (now - sight.sinceNanos() >= LONGEST.toNanos() && isNobodys(claim)) {
                release(claim);
            }
        }
    }

    private boolean isNobodys(Lease claim) {
        var name = claim.getMetadata().getLabels().get(Names.MACHINE_LABEL);
        @Nullable Machine machine = client.resources(Machine.class).withName(name).get();
        return machine == null || !machine.getSpec().nodeName().equals(name(claim));
    }

    /// Unless somebody has written to it meanwhile.
    private void release(Lease claim) {
        if (ApiCall.ignoring(
                ApiCode.CONFLICT,
                () ->
                        client.resource(claim)
                                .lockResourceVersion(claim.getMetadata().getResourceVersion())
                                .delete())) {
            LOG.info(
                    "{}: nobody has used the address for {} minutes, it is free again",
                    name(claim),
                    LONGEST.toMinutes());
        }
    }

    private static String name(Lease claim) {
        return claim.getMetadata().getName();
    }
}
