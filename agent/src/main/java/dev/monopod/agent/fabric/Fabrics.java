package dev.monopod.agent.fabric;

import dev.monopod.agent.firewall.NetworkWatch;
import dev.monopod.host.network.Fabric;
import dev.monopod.host.network.FabricNetwork;
import dev.monopod.host.network.Underlay;
import dev.monopod.kube.client.Selection;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.client.Watches;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.names.Names;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import java.time.Duration;
import java.util.List;

/// Keeps the links to other hosts in step with the API. One thread applies; changes that come while
/// it does so are taken together.
public final class Fabrics implements AutoCloseable {
    /// After a failure, and for what others change in the kernel.
    private static final Duration RETRY = Duration.ofSeconds(2);

    private static final Duration QUIET = Duration.ofSeconds(60);

    private final NetworkWatch watch;
    private final Watched<IPAddress> addresses;
    private final FabricPlan plan;
    private final FabricNetwork network = new FabricNetwork();
    private final Loop loop;

    /// Of the loop's thread; empty if unknown.
    private List<Fabric> applied = List.of();

    /// @param watch started, and closed, by the caller, who also tells of its [#changed]
    public Fabrics(
            Watches watches, NetworkWatch watch, String hostName, Underlay underlay, Loops loops) {
        this.watch = watch;
        this.plan = new FabricPlan(hostName, underlay);
        this.addresses = watches.of(IPAddress.class, Selection.labelled(Names.HOST_LABEL));
        this.loop = loops.loop("fabrics", Pace.every(QUIET).withRetries(RETRY, RETRY), this::pass);
        addresses.onChange(ChangeHandler.any(this::changed));
    }

    /// Call once, when the watch is complete. Does not wait for load balancers' addresses, which
    /// not every cluster knows.
    public void start() {
        var unused = addresses.start();
        loop.start();
    }

    /// Something changed. Any thread; does not block.
    public void changed() {
        loop.nudge();
    }

    private void pass() {
        var wanted = plan.of(watch.objects(), addresses.list());
        if (!wanted.equals(applied)) {
            applied = List.of();
            network.apply(wanted);
            applied = wanted;
        }
    }

    /// Links stay as they are.
    @Override
    public void close() {
        loop.close();
    }
}
