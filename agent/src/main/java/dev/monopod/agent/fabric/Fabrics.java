package dev.monopod.agent.fabric;

import dev.monopod.agent.firewall.NetworkWatch;
import dev.monopod.host.network.Fabric;
import dev.monopod.host.network.FabricNetwork;
import dev.monopod.host.network.NetworkException;
import dev.monopod.host.network.Underlay;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the links to other hosts in step with the API. One thread applies; changes that come while
/// it does so are taken together.
public final class Fabrics implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Fabrics.class);

    /// After a failure, and for what others change in the kernel.
    private static final long RETRY_SECONDS = 2;

    private static final long QUIET_SECONDS = 60;

    private final NetworkWatch watch;
    private final SharedIndexInformer<IPAddress> addresses;
    private final FabricPlan plan;
    private final FabricNetwork network = new FabricNetwork();
    private final Semaphore changes = new Semaphore(0);
    private final Thread thread = Thread.ofVirtual().name("fabrics").unstarted(this::run);

    /// @param watch started, and closed, by the caller, who also tells of its [#changed]
    public Fabrics(
            KubernetesClient client, NetworkWatch watch, String hostName, Underlay underlay) {
        this.watch = watch;
        this.plan = new FabricPlan(hostName, underlay);
        this.addresses =
                client.resources(IPAddress.class).withLabel(Names.HOST_LABEL).runnableInformer(0);
        addresses.exceptionHandler((started, error) -> true);
        addresses.addEventHandler(ChangeHandler.any(this::changed));
    }

    /// Call once, when the watch is complete. Does not wait for load balancers' addresses, which
    /// not every cluster knows.
    public void start() {
        addresses.start();
        thread.start();
    }

    /// Something changed. Any thread; does not block.
    public void changed() {
        changes.release();
    }

    private void run() {
        List<Fabric> applied = List.of();
        try {
            while (!Thread.currentThread().isInterrupted()) {
                var wait = QUIET_SECONDS;
                try {
                    var wanted = plan.of(watch.objects(), addresses.getStore().list());
                    if (!wanted.equals(applied)) {
                        applied = List.of();
                        network.apply(wanted);
                        applied = wanted;
                    }
                } catch (NetworkException e) {
                    LOG.warn("links to other hosts not made, will be retried: {}", e.getMessage());
                    wait = RETRY_SECONDS;
                } catch (RuntimeException e) {
                    LOG.error("links to other hosts not made, will be retried", e);
                    wait = RETRY_SECONDS;
                }
                if (changes.tryAcquire(wait, TimeUnit.SECONDS)) {
                    changes.drainPermits();
                }
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    /// Links stay as they are.
    @Override
    public void close() {
        thread.interrupt();
        addresses.stop();
    }
}
