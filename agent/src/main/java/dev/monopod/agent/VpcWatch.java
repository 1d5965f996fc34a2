package dev.monopod.agent;

import dev.monopod.host.network.HostNetwork;
import dev.monopod.host.network.HostNetwork.VpcNetwork;
import dev.monopod.kube.api.Vpc;
import dev.monopod.kube.api.VpcSpec;
import dev.monopod.kube.client.Watched;
import dev.monopod.kube.client.Watches;
import dev.monopod.kube.watch.ChangeHandler;
import dev.monopod.model.loop.Loop;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.loop.Pace;
import dev.monopod.model.network.Cidr;
import dev.monopod.model.network.FixedAddresses;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes the router of each VPC on this host as soon as its object appears, and tries again for as
/// long as that fails. A VPC's router stays when the object goes: machines may still stand in it.
final class VpcWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(VpcWatch.class);

    private final KubernetesClient client;
    private final HostNetwork network;
    private final AgentOptions options;
    private final Watched<Vpc> vpcs;
    private final Loop loop;

    /// As they were when their routers were made. Of the loop's thread.
    private final Map<String, VpcSpec> made = new HashMap<>();

    VpcWatch(
            KubernetesClient client,
            Watches watches,
            HostNetwork network,
            AgentOptions options,
            Loops loops) {
        this.client = client;
        this.network = network;
        this.options = options;
        this.loop = loops.loop("vpcs", Pace.whenNudged(), this::pass);
        this.vpcs = watches.of(Vpc.class);
        vpcs.onChange(ChangeHandler.anySpec(loop::nudge));
    }

    /// Returns when those that exist are known; their routers follow at once.
    void start() {
        vpcs.start().join();
        loop.start();
    }

    /// Every range of the VPCs that are known.
    List<Cidr> ranges() {
        return vpcs.list().stream()
                .flatMap(vpc -> vpc.getSpec().cidrs().stream())
                .map(Cidr::parse)
                .toList();
    }

    /// Address of this host in the first VPC.
    ///
    /// @throws KubernetesClientException when there is none yet
    String hostAddress() {
        if (options.hostAddress.isPresent()) {
            return options.hostAddress.get();
        }
        var all = client.resources(Vpc.class).list().getItems();
        if (all.isEmpty()) {
            throw new KubernetesClientException("there is no Vpc yet, and no --host-address");
        }
        return hostAddress(all.getFirst());
    }

    /// The one that was given to this host, if it lies in the VPC; else base + 4, which then is
    /// this host for its own pods only.
    private String hostAddress(Vpc vpc) {
        return options.hostAddress
                .filter(address ->
                        vpc.getSpec().cidrs().stream()
                                .anyMatch(range -> Cidr.parse(range).contains(address)))
                .orElseGet(() ->
                        FixedAddresses.firstHost(Cidr.parse(vpc.getSpec().cidrs().getFirst())));
    }

    /// One VPC that fails does not hold up the others.
    private void pass() {
        List<RuntimeException> failures = new ArrayList<>();
        for (var vpc : vpcs.list()) {
            var name = vpc.getMetadata().getName();
            if (!vpc.getSpec().equals(made.get(name))) {
                try {
                    ensure(vpc);
                    made.put(name, vpc.getSpec());
                } catch (RuntimeException e) {
                    LOG.warn("failed to make the router of VPC {}: {}", name, e.toString());
                    failures.add(e);
                }
            }
        }
        if (!failures.isEmpty()) {
            throw failures.getFirst();
        }
    }

    private void ensure(Vpc vpc) {
        network.ensureVpc(
                new VpcNetwork(
                        vpc.getMetadata().getName(),
                        vpc.getSpec().cidrs(),
                        hostAddress(vpc),
                        options.serviceCidr));
    }

    /// Routers stay as they are.
    @Override
    public void close() {
        loop.close();
    }
}
