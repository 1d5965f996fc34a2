package dev.monopod.controller.machine;

import dev.monopod.controller.ClusterView;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Removes what outlived its pod. A Machine goes only when the API server itself says that its pod
/// is not there; a gap in a watch removes nothing. The host's agent takes the machine down and
/// gives its finalizer back; for a host that is gone, this does.
public final class MachineCleanup implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MachineCleanup.class);
    private static final Duration PERIOD = Duration.ofSeconds(5);
    private static final Duration HOST_LOST = Duration.ofMinutes(5);
    private static final String LEASES = "kube-node-lease";

    private final KubernetesClient client;
    private final ClusterView cluster;
    private final Clock clock;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofVirtual().name("machine-cleanup").factory());

    public MachineCleanup(KubernetesClient client, ClusterView cluster, Clock clock) {
        this.client = client;
        this.cluster = cluster;
        this.clock = clock;
    }

    public void start() {
        var unused =
                timer.scheduleWithFixedDelay(
                        this::sweep, 0, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    private void sweep() {
        for (var machine : cluster.machines()) {
            try {
                if (machine.getMetadata().getDeletionTimestamp() != null) {
                    releaseIfHostIsGone(machine);
                } else if (podIsGone(machine)) {
                    client.resource(machine).delete();
                    LOG.info("{}: its pod is gone", machine.getMetadata().getName());
                }
            } catch (RuntimeException e) {
                // The timer would never run again after an exception.
                LOG.warn("{}: {}", machine.getMetadata().getName(), e.toString());
            }
        }
    }

    private boolean podIsGone(Machine machine) {
        var wanted = machine.getSpec().pod();
        var cached = cluster.fargatePod(wanted.namespace() + "/" + wanted.name());
        if (cached != null && cached.getMetadata().getUid().equals(wanted.uid())) {
            return false;
        }
        var pod = client.pods().inNamespace(wanted.namespace()).withName(wanted.name()).get();
        return pod == null || !pod.getMetadata().getUid().equals(wanted.uid());
    }

    private void releaseIfHostIsGone(Machine machine) {
        var host =
                cluster.hosts().stream()
                        .filter(h -> h.getMetadata().getName().equals(machine.getSpec().host()))
                        .findFirst();
        if (host.isPresent() && !lost(host.get())) {
            return;
        }
        LOG.warn(
                "{}: host {} is gone, its machine is forgotten",
                machine.getMetadata().getName(),
                machine.getSpec().host());
        client.nodes().withName(machine.getSpec().nodeName()).delete();
        client.leases().inNamespace(LEASES).withName(machine.getSpec().nodeName()).delete();
        client.resource(machine)
                .edit(fresh -> {
                    fresh.getMetadata().setFinalizers(new ArrayList<>());
                    return fresh;
                });
    }

    private boolean lost(Host host) {
        var status = host.getStatus();
        return status != null
                && status.heartbeat() != null
                && Instant.parse(status.heartbeat()).isBefore(clock.instant().minus(HOST_LOST));
    }
}
