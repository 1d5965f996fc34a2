package dev.monopod.controller.scheduling;

import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.client.ApiCode;
import dev.monopod.kube.client.Finalizers;
import dev.monopod.kube.client.Patches;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.client.Watches;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Hosts whose agents have no machines: a Machine runs as soon as it is seen, and goes, with its
/// Node and its Lease, as soon as that is asked for.
final class FakeHosts implements AutoCloseable {
    private static final Map<String, ?> RUNNING = Map.of("status", Map.of("phase", "Running"));

    private final KubernetesClient client;
    private final Patches patches;
    private final Finalizers finalizers;
    private final Watches watches;
    private final Watched<Machine> machines;
    private final Set<String> begun = ConcurrentHashMap.newKeySet();
    private final Set<String> ended = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads =
            Executors.newFixedThreadPool(8, Thread.ofVirtual().name("fake-host-", 0).factory());

    FakeHosts(KubernetesClient client) {
        this.client = client;
        this.patches = new Patches(client);
        this.finalizers = new Finalizers(client);
        this.watches = new Watches(client);
        this.machines = watches.of(Machine.class);
        machines.onChange(ChangeHandler.each(this::see));
    }

    void start() {
        machines.start().join();
    }

    /// A host that has been heard of for the whole test.
    void add(String name, long milliCpu) {
        var host =
                Serialization.unmarshal(
                        """
                        apiVersion: monopod.dev/v1
                        kind: Host
                        metadata: {name: %s}
                        spec: {}
                        status:
                          capacityMilliCpu: %d
                          capacityMemoryMebiBytes: 999000
                          capacityStorageMebiBytes: 99900000
                          heartbeat: '%s'
                        """
                                .formatted(name, milliCpu, Instant.now().plusSeconds(600)),
                        Host.class);
        client.resource(host).create();
        client.resource(host).updateStatus();
    }

    /// How many Machines it has seen, those that have gone too.
    int begun() {
        return begun.size();
    }

    private void see(Machine machine) {
        if (machine.getMetadata().getDeletionTimestamp() != null) {
            if (ended.add(machine.getMetadata().getUid())) {
                perform(() -> end(machine));
            }
        } else if (begun.add(machine.getMetadata().getUid())) {
            perform(() -> patches.mergeStatus(machine, RUNNING));
        }
    }

    /// Until it is done, as an agent does.
    private void perform(Runnable act) {
        if (threads.isShutdown()) {
            return;
        }
        threads.execute(() -> {
            try {
                act.run();
            } catch (KubernetesClientException e) {
                if (!ApiCode.NOT_FOUND.in(e)) {
                    perform(act);
                }
            }
        });
    }

    private void end(Machine machine) {
        var node = machine.getSpec().nodeName();
        client.nodes().withName(node).delete();
        var lease = client.leases().inNamespace(AddressClaim.NAMESPACE).withName(node);
        Lease found = lease.get();
        if (found != null
                && machine.getMetadata()
                        .getName()
                        .equals(found.getMetadata().getLabels().get(Names.MACHINE_LABEL))) {
            lease.delete();
        }
        finalizers.remove(machine, Names.AGENT_FINALIZER);
    }

    @Override
    public void close() {
        watches.close();
        threads.shutdownNow();
    }
}
